import type { KubernetesObject } from '../../api/wire.ts';
import type { ResourceType } from '../cluster.ts';
import { toListPage, type ListPage } from './wire.ts';

/** As client-go: large enough that few requests suffice, small enough that parsing one blocks for under 20 ms. */
const pageSize = 500;

/** The pages of a list in their order, which all show the state of one moment. */
export async function* listPages<T extends KubernetesObject>(
  type: ResourceType<T>,
  fetchPage: (query: Readonly<Record<string, string>>) => Promise<unknown>,
): AsyncGenerator<ListPage<T>, void, undefined> {
  let next: string | undefined;
  do {
    const query = { limit: String(pageSize), ...(next === undefined ? {} : { continue: next }) };
    const page = toListPage(type, await fetchPage(query));
    yield page;
    next = page.next;
  } while (next !== undefined);
}

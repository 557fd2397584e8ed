import type { BundledPackage } from './bundle.ts';

/** Something in an image that is no npm package of a bundle: a Debian package, a wheel, Node itself. */
export interface OtherComponent {
  readonly name: string;
  readonly version: string;
  /** Package URL, https://github.com/package-url/purl-spec. */
  readonly purl: string;
}

/** What package-lock.json says of a package, by its folder. */
export type LockedPackages = Readonly<Record<string, { readonly integrity?: string } | undefined>>;

/** The part of the lock file that is read here. */
export interface LockFile {
  readonly packages: LockedPackages;
}

/**
 * The software bill of materials of an image as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json): what is inside,
 * not what was installed to build it. It has neither a time nor a serial number, so that the same content gives the
 * same bytes.
 * @param subject the image
 */
export function billOfMaterials(
  subject: { readonly name: string; readonly version: string },
  packages: readonly BundledPackage[],
  locked: LockedPackages,
  others: readonly OtherComponent[],
): string {
  const components = [
    ...packages.map(({ folder, name, version, license }) => ({
      type: 'library',
      'bom-ref': npmPurl(name, version),
      name,
      version,
      purl: npmPurl(name, version),
      licenses: [{ expression: license }],
      ...hashesOf(locked[folder]?.integrity),
    })),
    ...others.map((component) => ({ type: 'library', 'bom-ref': component.purl, ...component })),
  ];
  // Two folders may hold the same release.
  const unique = new Map(components.map((component) => [component['bom-ref'], component]));
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'container', 'bom-ref': subject.name, ...subject } },
    components: [...unique.values()],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** The at sign of a scope is written as %40. */
function npmPurl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** npm writes digests in base64, CycloneDX in hexadecimal. */
function hashesOf(integrity: string | undefined): object {
  const [, encoded] = /^sha512-(\S+)$/.exec(integrity ?? '') ?? [];
  if (encoded === undefined) return {};
  return { hashes: [{ alg: 'SHA-512', content: Buffer.from(encoded, 'base64').toString('hex') }] };
}

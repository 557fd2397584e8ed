import type { Clock } from '../../operator/base/clock.ts';
import { describeError } from '../../operator/base/errors.ts';
import { Fenced } from '../checkpoint/fenced.ts';
import { type Attendance, Beat } from './attendance.ts';
import { json, plainText, type HttpAnswer, type HttpRoutes } from './http-server.ts';
import type { TrainerMetrics } from './metrics.ts';
import type { ProgressBoard } from './progress-board.ts';
import { answerRendezvous } from './rendezvous-route.ts';
import type { Rendezvous } from './rendezvous.ts';

export interface PodRouteParts {
  readonly board: ProgressBoard;
  readonly metrics: TrainerMetrics;
  /** In pod 0 of several. */
  readonly rendezvous: Rendezvous | undefined;
  /** In pod 0, once all pods have met. */
  readonly attendance: () => Attendance | undefined;
  readonly clock: Clock;
}

/** What a trainer pod answers over HTTP. */
export function podRoutes({ board, metrics, rendezvous, attendance, clock }: PodRouteParts): HttpRoutes {
  return {
    'GET /healthz': () => plainText(200, 'ok'),
    'GET /readyz': () => {
      const { state } = board.document();
      return plainText(state === 'Starting' ? 503 : 200, state);
    },
    'GET /progress': () => json(200, board.document()),
    'GET /metrics': async () => ({
      status: 200,
      contentType: metrics.contentType,
      body: await metrics.text(),
    }),
    ...(rendezvous === undefined
      ? {}
      : {
          'POST /rendezvous': (body: string) => answerRendezvous(rendezvous, clock, body),
          'POST /attendance': (body: string) => answerBeat(attendance(), body),
        }),
  };
}

function answerBeat(attendance: Attendance | undefined, body: string): HttpAnswer {
  if (attendance === undefined) return plainText(503, 'the pods have not met yet');
  try {
    attendance.hear(Beat.parse(JSON.parse(body)));
    return plainText(200, 'ok');
  } catch (error) {
    return plainText(error instanceof Fenced ? 409 : 400, describeError(error));
  }
}

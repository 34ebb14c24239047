import type { FastifyInstance } from 'fastify';
import { Refusal } from '../../errors.ts';
import type { LoginDeps } from '../deps.ts';
import { clientRoute } from './client-route.ts';
import { callerOf } from './grants/grant.ts';
import { parseHandoverAsk } from './parameters.ts';
import { deviceBody, deviceResponse } from './schemas.ts';

/** `POST /device_authorization`: a device without a browser requests a code to show (RFC 8628 §3.1). */
export function deviceRoute(app: FastifyInstance, deps: LoginDeps): void {
  clientRoute(app, deps, {
    path: '/device_authorization',
    schema: {
      operationId: 'deviceAuthorization',
      summary: 'Device authorization (RFC 8628)',
      body: deviceBody,
      response: {
        200: {
          description: 'The codes',
          content: { 'application/json': { schema: deviceResponse } },
        },
      },
    },
    handle: async (request, form) => {
      const ask = parseHandoverAsk(form);
      if (ask instanceof Refusal) return ask;
      const codes = await deps.login.handovers.beginDevice(ask, callerOf(request));
      if (codes instanceof Refusal) return codes;
      const page = `${deps.live().publicUrl}/device`;
      return {
        device_code: codes.deviceCode,
        user_code: codes.userCode,
        verification_uri: page,
        verification_uri_complete: `${page}?user_code=${codes.userCode}`,
        expires_in: codes.expiresInSeconds,
        interval: codes.intervalSeconds,
      };
    },
  });
}

/** A request to an admin route; `ask` is sent as JSON. */
export interface AdminAsk {
  readonly token?: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls `GET /admin/keys` and its like on the service at `url`. */
export function adminRequest(url: string, route: string, ask: AdminAsk = {}): Promise<Response> {
  const [method = 'GET', path = ''] = route.split(' ');
  const { token, body, headers } = ask;
  return fetch(url + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
}

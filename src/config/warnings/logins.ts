import type { Pitfall } from './view.ts';

/** `login-title-twice` */
export const loginTitleTwice: Pitfall = function* loginTitleTwice({ issuers }) {
  const first = new Map<string, string>();
  for (const [name, { login }] of issuers.entries) {
    if (!login) continue;
    const title = login.settings.title ?? name;
    const earlier = first.get(title);
    if (earlier === undefined) first.set(title, name);
    else {
      yield {
        path: `issuers.${name}.login`,
        message: `people can't tell it from issuers.${earlier}.login, which has the title "${title}" too: give it one of its own`,
      };
    }
  }
};

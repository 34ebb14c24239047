import { Command, InvalidArgumentError, Option } from 'commander';
import { type Clock, systemClock } from '../clock.ts';
import { NAME, NAME_RULE } from '../config/schema/scalars.ts';
import { formatCreds } from '../nats/creds.ts';
import { decodeJwt } from '../nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../nats/key-pair.ts';
import { Malformed } from '../nats/malformed.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import type { HandedOver } from './login/answers.ts';
import { contextOption } from './login/context-name.ts';
import { keepCredential, type Keeping, refuseForeign } from './login/keep.ts';
import { places } from './login/places.ts';
import { openSessions } from './login/sessions.ts';
import { signIn, type SignInOptions, type SignInParts } from './login/sign-in.ts';
import { contextText, credentialText } from './login/told.ts';
import { DEFAULT_SERVICE, rememberedUrlOption, whichService } from './login/which-service.ts';
import type { Terminal } from './terminal.ts';
import { ttlOption } from './ttl-option.ts';
import { warnIfUnencrypted } from './url-option.ts';

interface LoginOptions extends SignInOptions {
  readonly url?: URL;
  readonly context?: string;
  readonly force?: true;
  readonly select: boolean;
  readonly print?: true;
}

interface LoginParts extends SignInParts {
  readonly clock?: Clock;
}

/** `nats-sts login`: a person signs in; the user's key pair is made here, so the seed never crosses the network. */
export function loginCommand(terminal: Terminal, parts: LoginParts = {}): Command {
  return new Command('login')
    .description('sign in as a person, and get a nats context that works')
    .addOption(rememberedUrlOption())
    .addOption(
      new Option(
        '--role <role>',
        'the role to take (default: as last time, else choose)',
      ).argParser(roleName),
    )
    .addOption(ttlOption())
    .addOption(contextOption())
    .option('--no-select', 'leave the nats context selected that is')
    .option('--force', "replace a nats context that is somebody else's")
    .addOption(
      new Option('--print', 'the creds to stdout; no creds file, no context').conflicts([
        'context',
        'force',
      ]),
    )
    .option('--device', 'a code to type in on any other device; needs no browser here')
    .option('--no-browser', 'open none: only print the address')
    .option(
      '--fresh',
      'sign in anew, also where the last login still holds (without --role: choose again)',
    )
    .addHelpText('after', EXAMPLES)
    .action((options: LoginOptions) => run(terminal, options, parts));
}

const EXAMPLES = `
The seed is made here and never sent anywhere. While the session lasts, the same command gets the next
credential without a browser. A session is for the role that was agreed to: the first login for another
role asks again, and then both are kept. The creds file and the nats context have the name of the role (with @HOST
behind it where another service, or you, have a context of that name already) and are replaced in place:
a context of yours is never touched without --force. All is kept below $XDG_CONFIG_HOME, else ~/.config:
nats-sts/ has sessions and creds, nats/ the contexts. BROWSER may name the program that opens the page.

Examples:
  nats-sts login --url https://sts.example.com
  nats-sts login --role orders-publisher --ttl 1h --context orders
  nats-sts login --device                             over ssh
  nats-sts login --print > app.creds`;

function roleName(text: string): string {
  if (NAME.test(text)) return text;
  throw new InvalidArgumentError(`In the name of a role, ${NAME_RULE}.`);
}

async function run(terminal: Terminal, options: LoginOptions, parts: LoginParts): Promise<void> {
  const { clock = systemClock } = parts;
  const where = places(process.env);
  const sessions = openSessions(where);
  const url = whichService(options.url, sessions.all()) ?? DEFAULT_SERVICE;
  warnIfUnencrypted(terminal, url);
  const keeping: Keeping = { url, places: where, sessions, clock };
  await refuseEarly(keeping, options);
  const pair = createKeyPair('user');
  const answer = await signIn(terminal, { keeping, nkey: pair.publicKey }, { options, parts });
  const creds = credsOf(answer, pair);
  pair.wipe();
  if (options.print) return print(terminal, keeping, { answer, creds });
  await keep(terminal, keeping, { answer, creds, options });
}

/** Before anybody has signed in for nothing. */
async function refuseEarly(keeping: Keeping, { context, force }: LoginOptions): Promise<void> {
  if (context === undefined || force) return;
  await keeping.sessions.exclusively((stored) => refuseForeign(context, { ...keeping, stored }));
}

/** The creds file's text. Throws CliError when the credential is for somebody else's key: it would open nothing. */
function credsOf({ access_token: jwt }: HandedOver, pair: KeyPair): string {
  const claims = decodeJwt(jwt);
  if (claims instanceof Malformed || claims.sub !== pair.publicKey) {
    throw new CliError(ExitCode.failed, 'the service answered with a credential for another key');
  }
  return formatCreds({ jwt, seed: pair.seed() });
}

interface Received {
  readonly answer: HandedOver;
  /** Secret. */
  readonly creds: string;
}

/** With the credential itself on stdout, what is told about it goes to stderr. */
function print(terminal: Terminal, { clock }: Keeping, { answer, creds }: Received): void {
  terminal.out(creds);
  terminal.err(lines(credentialText(answer, clock.now())));
}

async function keep(
  terminal: Terminal,
  keeping: Keeping,
  { answer, creds, options }: Received & { readonly options: LoginOptions },
): Promise<void> {
  const { context, select, force = false } = options;
  const kept = await keepCredential(keeping, { answer, creds }, { context, select, force });
  const file = keeping.places.creds(kept.context);
  terminal.out(
    lines([
      ...credentialText(answer, keeping.clock.now()),
      ...contextText({ context: kept.context, file, selected: select }, answer),
    ]),
  );
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { InputFault } from '../../errors/fault.js';
import { readBoundedFile } from './regular-file.js';

/** Where the hub is, unless HF_ENDPOINT says otherwise. */
const publicHub = 'https://huggingface.co';

/** What an access token of the hub looks like; nothing else may become part of a request. */
export const tokenPattern = /^hf_[\x21-\x7e]+$/;

const maxTokenBytes = 4096;

type Environment = Readonly<Record<string, string | undefined>>;

/** The address of the hub, as Hugging Face's own tools take it from the environment. */
export function hubEndpoint({ HF_ENDPOINT }: Environment = process.env): string {
  return given(HF_ENDPOINT) ?? publicHub;
}

/** Whether nothing may be asked of the hub: HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE says so. */
export function isOffline({ HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE }: Environment = process.env): boolean {
  return isTrue(given(HF_HUB_OFFLINE) ?? TRANSFORMERS_OFFLINE);
}

/** The folder of the cache: HF_HUB_CACHE, else `hub` in HF_HOME, else in ~/.cache/huggingface. */
export function hubCacheDirectory(env: Environment = process.env): string {
  const named = given(env['HF_HUB_CACHE']) ?? given(env['HUGGINGFACE_HUB_CACHE']);
  return named === undefined ? join(hubHome(env), 'hub') : expanded(named);
}

/**
 * The token for private and gated models: HF_TOKEN, else the file that `hf auth login` writes (HF_TOKEN_PATH,
 * else `token` in HF_HOME), unless HF_HUB_DISABLE_IMPLICIT_TOKEN says that it is not to be used unasked.
 *
 * @throws InputFault for a file that holds something else
 */
export async function hubToken(env: Environment = process.env): Promise<string | undefined> {
  const named = given(env['HF_TOKEN']) ?? given(env['HUGGING_FACE_HUB_TOKEN']);
  if (named !== undefined || isTrue(env['HF_HUB_DISABLE_IMPLICIT_TOKEN'])) return named;
  const path = expanded(given(env['HF_TOKEN_PATH']) ?? join(hubHome(env), 'token'));
  if (!(await isThere(path))) return undefined;
  const token = (await readBoundedFile(path, maxTokenBytes)).toString('latin1').trim();
  if (token === '' || tokenPattern.test(token)) return given(token);
  throw new InputFault({
    where: path,
    what: 'not an access token of the hub',
    expected: 'hf_…',
    remedy: 'Log in again, remove the file, or set HF_TOKEN.',
  });
}

function hubHome({ HF_HOME, XDG_CACHE_HOME }: Environment): string {
  const home = given(HF_HOME);
  if (home !== undefined) return expanded(home);
  return join(expanded(given(XDG_CACHE_HOME) ?? '~/.cache'), 'huggingface');
}

/** An empty variable says nothing. */
function given(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === '' ? undefined : trimmed;
}

function isTrue(value: string | undefined): boolean {
  return ['1', 'on', 'yes', 'true'].includes(value?.trim().toLowerCase() ?? '');
}

/** No shell has seen what stands in a file of settings. */
function expanded(path: string): string {
  return path.replace(/^~(?=$|[\\/])/, homedir());
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** What a child needs of the environment; tokens and keys stay with this process. */
const inherited: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USERPROFILE',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'TMP',
  'TEMP',
  'SystemRoot',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'XDG_CACHE_HOME',
  'FOLDWISE_CUDA',
  'FOLDWISE_CUDA_GRAPHS',
  'CUDA_VISIBLE_DEVICES',
  'VK_ICD_FILENAMES',
  'VK_DRIVER_FILES',
  'LP_NUM_THREADS',
]);

/**
 * The environment of every process that this one starts: a list of names that may pass, so that a
 * token or key that nobody thought of stays here.
 *
 * @param also further names for this child, such as the settings of a compiler
 */
export function childEnvironment(also: (name: string) => boolean = () => false): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => inherited.has(name) || also(name)),
  );
}

import type { GlobalOptions } from './options.js';

/**
 * Has this process work with the store that `--store` names: it is what FOLDWISE_STORE says to all who open
 * one.
 *
 * @throws InputFault where it is no place in S3
 */
export async function chooseStore({ store }: GlobalOptions): Promise<void> {
  if (store === undefined || store === '') return;
  const { s3Address } = await import('../store/s3/address.js');
  s3Address(store);
  process.env['FOLDWISE_STORE'] = store;
}

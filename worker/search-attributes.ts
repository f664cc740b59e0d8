import type { NativeConnection } from '@temporalio/worker';
import { searchAttributeNames, searchAttributeTypes } from '../workflows/search-attribute-names.js';

/** Which of foldwise's search attributes a namespace lacks; all of them where it does not say. */
export async function missingSearchAttributes(
  connection: Pick<NativeConnection, 'operatorService'>,
  namespace: string,
): Promise<string[]> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return searchAttributeNames.filter((name) => !(name in customAttributes));
  } catch {
    return [...searchAttributeNames];
  }
}

/** How a person registers them, on a server that was not started by foldwise. */
export function registrationCommand(namespace: string): string {
  const attributes = Object.entries(searchAttributeTypes).map(
    ([name, type]) => `--name ${name} --type ${type}`,
  );
  return `temporal operator search-attribute create --namespace ${namespace} ${attributes.join(' ')}`;
}

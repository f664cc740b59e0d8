// Temporal loads this by its path, outside the workflow's sandbox and within it: messages and stacks of failures become
// payloads, which are then encrypted as all others are.
const { DefaultFailureConverter } = require('@temporalio/common');

exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });

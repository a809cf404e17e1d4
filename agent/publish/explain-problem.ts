/** What to look at, by the code or words of an error of TLS. */
const hints: readonly [RegExp, string][] = [
  [/SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)/, 'expected mqtt.caFile with the certificate of who signed it'],
  [/ERR_TLS_CERT_ALTNAME_INVALID/, 'expected mqtt.servername with a name in it'],
  [
    /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    'expected a certificate that is valid now, by a clock that is right',
  ],
  [/certificate required/i, 'expected mqtt.certFile and mqtt.keyFile: the broker asks for a certificate'],
  [/key values mismatch/i, 'expected the key of mqtt.certFile in mqtt.keyFile'],
];

/**
 * Why a broker was not reached, for people: the words of OpenSSL without numbers and source files, and the keys of the
 * configuration to look at.
 */
export function explainProblem(error: Error): string {
  const code = String((error as NodeJS.ErrnoException).code ?? '');
  const message = error.message.trim() || code || 'unknown error';
  // NUMBER:error:NUMBER:LIBRARY:FUNCTION:REASON:FILE:LINE:MORE
  const reason = /error:[0-9A-F]{8}:[^:]*:[^:]*:([^:\n]+)/.exec(message)?.[1] ?? message;
  const hint = hints.find(([pattern]) => pattern.test(code) || pattern.test(message))?.[1];
  return hint === undefined ? reason : `${reason}; ${hint}`;
}

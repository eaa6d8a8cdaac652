// The public surface, in the order of the flow.
export { tokenEndpoint } from './token-endpoint.js'
export { parseTokenRequest } from './parse-token-request/parse-token-request.js'
export { authenticateClient } from './authenticate-client/authenticate-client.js'
export { verifyJwtGrant } from './verify-jwt-grant/verify-jwt-grant.js'
export { issueToken } from './issue-token/issue-token.js'
export { tokenErrorHandler } from './pipeline/token-error-handler.js'
export { type InternalClientSecrets, internalClientSecrets } from './authenticate-client/internal-client-secrets.js'
export type { Middleware } from './pipeline/step.js'

// What the host provides
export type { Options } from './host/options.js'
export { CLIENT_CREDENTIALS, JWT_BEARER_CLIENT_ASSERTION, JWT_BEARER_GRANT, JWT_SPIFFE_CLIENT_ASSERTION } from './host/options.js'
export type { Awaitable, GrantCandidate, GrantDecision, Granted, Hooks } from './host/hooks.js'
export type { Client, ClientAuthMethodName, ClientCertificate, ClientMetadata, FederatedCredential } from './host/client.js'
export type { ClaimRule, ClaimRules, ClaimValue } from './host/claim-rules.js'
export type { KeyRegistration } from './host/jwk.js'
export type { TrustedIssuer } from './host/trusted-issuer.js'
export type { JSONWebKeySet, JWK } from './host/jwk.js'
export { memoryReplayStore, type MemoryReplayStoreOptions } from './replay/memory.js'
export type { ReplayStore } from './host/replay-store.js'
export { tokenMinter, type TokenMinterOptions } from './issue-token/token-minter.js'
export { checkClient } from './check/check-client.js'
export { checkOptions } from './check/check-options.js'
export { checkTrustedIssuer } from './check/check-trusted-issuer.js'
export type { Findings } from './check/findings.js'
export {
  type ClientMetadataDocumentsOptions,
  clientMetadataDocuments,
  type DocumentedClients,
} from './client-metadata-documents/client-metadata-documents.js'
export type { DocumentedClient } from './client-metadata-documents/judge-document.js'
export { tokenEndpointMetadata, type TokenEndpointMetadata } from './host/metadata.js'

// What the host receives
export type { ClientAuthentication, JwtGrant, TokenRequest, TokenResponse, TokenState } from './host/token-state.js'
export type { VerifiedAssertion } from './host/assertion.js'
export { ConfigurationError, OAuthError, type OAuthErrorCode, type Reason } from './host/errors.js'
export type { TokenEndpointEvent } from './host/event.js'
export type { Notice } from './host/notice.js'
export { devLog, type DevLogOptions } from './development/dev-log.js'
export {
  type AudienceCounts,
  type AudienceReport,
  type AudienceReportOptions,
  type AudienceSnapshot,
  audienceReport,
} from './host/audience-report.js'
export { auditLog, metrics, type Logger, type Meter } from './host/observability.js'

// Why a request was refused, and what makes it pass
export { explain } from './explain/explain.js'
export { explainRequest } from './explain/explain-request.js'
export { type RecordedRefusal, type RefusalRecorder, recordRefusals } from './explain/recorder.js'
export type {
  About,
  CheckResult,
  Edit,
  ExplainOptions,
  Explanation,
  Fix,
  HowToExplain,
  KeyResult,
  RequestExplanation,
} from './explain/explanation.js'
export type { Detail, Shown } from './host/evidence.js'

// The public surface, in the order of the flow.
export { tokenEndpoint } from './token-endpoint.js'
export { parseTokenRequest } from './middleware/parse-token-request.js'
export { authenticateClient } from './middleware/authenticate-client.js'
export { verifyJwtGrant } from './middleware/verify-jwt-grant.js'
export { issueToken } from './middleware/issue-token.js'
export { tokenErrorHandler } from './middleware/token-error-handler.js'
export { type InternalClientSecrets, internalClientSecrets } from './client-auth/internal-client-secrets.js'
export type { Middleware } from './middleware/step.js'

// What the host provides
export type { Options } from './options.js'
export { CLIENT_CREDENTIALS, JWT_BEARER_CLIENT_ASSERTION, JWT_BEARER_GRANT, JWT_SPIFFE_CLIENT_ASSERTION } from './options.js'
export type { Awaitable, GrantCandidate, GrantDecision, Granted, Hooks } from './hooks.js'
export type { Client, ClientAuthMethodName, ClientCertificate, FederatedCredential } from './client.js'
export type { KeyRegistration } from './jwk.js'
export type { TrustedIssuer } from './trusted-issuer.js'
export type { JSONWebKeySet, JWK } from './jwk.js'
export { memoryReplayStore, type MemoryReplayStoreOptions } from './replay/memory.js'
export type { ReplayStore } from './replay/store.js'
export { tokenMinter, type TokenMinterOptions } from './token-minter.js'
export { tokenEndpointMetadata, type TokenEndpointMetadata } from './metadata.js'

// What the host receives
export type { ClientAuthentication, JwtGrant, TokenRequest, TokenResponse, TokenState } from './state.js'
export type { VerifiedAssertion } from './assertion/assertion.js'
export { ConfigurationError, OAuthError, type OAuthErrorCode, type Reason } from './errors.js'
export type { Notice, TokenEndpointEvent } from './events.js'
export { auditLog, metrics, type Logger, type Meter } from './audit.js'

// The profiles: each is made of what the package exports, and nothing else. A host can write its own in the same way.
import { auth0Profile } from './auth0.js'
import { awsWorkloadProfile } from './aws-workload.js'
import { azureManagedIdentityProfile } from './azure-managed-identity.js'
import { boxProfile } from './box.js'
import { camaraProfile } from './camara.js'
import { docusignProfile } from './docusign.js'
import { fapi2Profile } from './fapi2.js'
import { githubActionsProfile } from './github-actions.js'
import { gitlabCiProfile } from './gitlab-ci.js'
import { googleCloudProfile } from './google-cloud.js'
import { googleServiceAccountProfile } from './google-service-account.js'
import { idJagProfile } from './id-jag.js'
import { kubernetesProfile } from './kubernetes.js'
import { mcpEnterpriseProfile } from './mcp-enterprise.js'
import { mcpWorkloadProfile } from './mcp-workload.js'
import { msalProfile } from './msal.js'
import { oktaProfile } from './okta.js'
import type { Profile } from './profile.js'
import { rfc7523bisProfile } from './rfc7523bis.js'
import { salesforceProfile } from './salesforce.js'
import { smartBackendServicesProfile } from './smart-backend-services.js'
import { spiffeProfile } from './spiffe.js'
import { zitadelProfile } from './zitadel.js'

export { type Auth0Arguments, auth0 } from './auth0.js'
export { type AwsWorkloadArguments, awsWorkload } from './aws-workload.js'
export { type AzureManagedIdentityArguments, azureManagedIdentity } from './azure-managed-identity.js'
export { type BoxArguments, box } from './box.js'
export { type CamaraArguments, camara } from './camara.js'
export type { ClientArguments, SelfIssued, SelfIssuedArguments } from './client.js'
export { type DocusignArguments, docusign } from './docusign.js'
export { fapi2 } from './fapi2.js'
export { type GithubActionsArguments, githubActions } from './github-actions.js'
export { type GitlabCiArguments, gitlabCi } from './gitlab-ci.js'
export { type GoogleCloudArguments, googleCloud } from './google-cloud.js'
export { type GoogleServiceAccountArguments, googleServiceAccount } from './google-service-account.js'
export { ID_JAG_PROFILE, type IdJagArguments, idJag } from './id-jag.js'
export { filled, type JwtChanges, jwtsOf, type WrongJwt } from './jwts-of.js'
export { type KubernetesArguments, type KubernetesCredentialArguments, kubernetes, kubernetesCredential } from './kubernetes.js'
export { type McpEnterpriseArguments, mcpEnterprise } from './mcp-enterprise.js'
export { type McpWorkloadArguments, mcpWorkload } from './mcp-workload.js'
export { type MsalArguments, msal } from './msal.js'
export { type OktaArguments, okta } from './okta.js'
export type { Line, Lines, Profile, Right, Sample, SampleRegistration, SampleValues, Wrong } from './profile.js'
export { type Rfc7523bisArguments, rfc7523bis } from './rfc7523bis.js'
export { type SalesforceArguments, salesforce } from './salesforce.js'
export { type SmartBackendServicesArguments, smartBackendServices } from './smart-backend-services.js'
export { type SpiffeArguments, spiffe } from './spiffe.js'
export type { IssuerArguments, KeyArguments } from './tightened.js'
export type { Pin, WorkloadArguments } from './workload.js'
export { type ZitadelArguments, zitadel } from './zitadel.js'

/** All profiles, by name: what each sets and why, what its clients send, and what it refuses. */
export const profiles: Readonly<Record<string, Profile>> = Object.fromEntries(
  [
    auth0Profile,
    awsWorkloadProfile,
    azureManagedIdentityProfile,
    boxProfile,
    camaraProfile,
    docusignProfile,
    fapi2Profile,
    githubActionsProfile,
    gitlabCiProfile,
    googleCloudProfile,
    googleServiceAccountProfile,
    idJagProfile,
    kubernetesProfile,
    mcpEnterpriseProfile,
    mcpWorkloadProfile,
    msalProfile,
    oktaProfile,
    rfc7523bisProfile,
    salesforceProfile,
    smartBackendServicesProfile,
    spiffeProfile,
    zitadelProfile,
  ].map((profile) => [profile.name, profile]),
)

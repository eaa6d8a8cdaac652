// The profiles: each is made of what the package exports, and nothing else. A host can write its own in the same way.
import { awsWorkloadProfile } from './aws-workload.js'
import { azureManagedIdentityProfile } from './azure-managed-identity.js'
import { githubActionsProfile } from './github-actions.js'
import { gitlabCiProfile } from './gitlab-ci.js'
import { googleCloudProfile } from './google-cloud.js'
import { idJagProfile } from './id-jag.js'
import { kubernetesProfile } from './kubernetes.js'
import { mcpEnterpriseProfile } from './mcp-enterprise.js'
import { mcpWorkloadProfile } from './mcp-workload.js'
import type { Profile } from './profile.js'
import { spiffeProfile } from './spiffe.js'

export { type AwsWorkloadArguments, awsWorkload } from './aws-workload.js'
export { type AzureManagedIdentityArguments, azureManagedIdentity } from './azure-managed-identity.js'
export { type GithubActionsArguments, githubActions } from './github-actions.js'
export { type GitlabCiArguments, gitlabCi } from './gitlab-ci.js'
export { type GoogleCloudArguments, googleCloud } from './google-cloud.js'
export { ID_JAG_PROFILE, type IdJagArguments, idJag } from './id-jag.js'
export { type KubernetesArguments, type KubernetesCredentialArguments, kubernetes, kubernetesCredential } from './kubernetes.js'
export { type McpEnterpriseArguments, mcpEnterprise } from './mcp-enterprise.js'
export { type McpWorkloadArguments, mcpWorkload } from './mcp-workload.js'
export type { Line, Lines, Profile, Sample, SampleRegistration, SampleValues, Wrong } from './profile.js'
export { type SpiffeArguments, spiffe } from './spiffe.js'
export type { IssuerArguments, KeyArguments } from './tightened.js'
export type { Pin, WorkloadArguments } from './workload.js'

/** All profiles, by name: what each sets and why, what its clients send, and what it refuses. */
export const profiles: Readonly<Record<string, Profile>> = Object.fromEntries(
  [
    awsWorkloadProfile,
    azureManagedIdentityProfile,
    githubActionsProfile,
    gitlabCiProfile,
    googleCloudProfile,
    idJagProfile,
    kubernetesProfile,
    mcpEnterpriseProfile,
    mcpWorkloadProfile,
    spiffeProfile,
  ].map((profile) => [profile.name, profile]),
)

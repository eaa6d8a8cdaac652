/** An AI agent with the published MCP client. It gets an ID-JAG at the identity provider of its user, with it a token here, and calls a tool. */
import {
  Client,
  type CrossAppAccessContext,
  CrossAppAccessProvider,
  discoverAndRequestJwtAuthGrant,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { signIdToken } from './enterprise.js'
import type { Registry } from './registry.js'

export type IdJagSource = (context: Pick<CrossAppAccessContext, 'authorizationServerUrl' | 'resourceUrl' | 'scope'>) => Promise<string>

/** The ID-JAG that the identity provider gives for the user's ID token. */
export const idJagOf =
  (registry: Registry): IdJagSource =>
  async ({ authorizationServerUrl, resourceUrl, scope }) => {
    const { client_id, client_secret } = registry.agentAtIdp
    const { jwtAuthGrant } = await discoverAndRequestJwtAuthGrant({
      idpUrl: registry.enterprise,
      audience: authorizationServerUrl.replace(/\/$/, ''),
      resource: resourceUrl,
      idToken: await signIdToken(registry, 'alice@enterprise.example'),
      clientId: client_id,
      clientSecret: client_secret,
      ...(scope !== undefined && { scope }),
    })
    return jwtAuthGrant
  }

/** Calls the tool `whoami`, and returns what it says. */
export async function askAsAgent(registry: Registry, assertion: IdJagSource): Promise<string> {
  const authProvider = new CrossAppAccessProvider({
    assertion,
    clientId: 'agent',
    clientSecret: registry.findClient('agent')?.client_secret as string,
    expectedIssuer: registry.issuer,
  })
  const client = new Client({ name: 'demo-agent', version: '1' })
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(registry.mcp), { authProvider }))
    const { content } = await client.callTool({ name: 'whoami' })
    return `200 ${(content as { text: string }[])[0]?.text}`
  } finally {
    await client.close()
  }
}

// The client under test in the scenarios of the MCP conformance suite, and the same client against our own servers: `node client.mjs <MCP server>`.
// The suite says in MCP_CONFORMANCE_CONTEXT who the client is. What the tool `whoami` says goes to stdout, if the server has it.
import {
  Client,
  ClientCredentialsProvider,
  CrossAppAccessProvider,
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  PrivateKeyJwtProvider,
  requestJwtAuthorizationGrant,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'

const [, , url] = process.argv
const scenario = process.env.MCP_CONFORMANCE_SCENARIO
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT)
const { authorization_servers } = await discoverOAuthProtectedResourceMetadata(new URL(url))
const { issuer, token_endpoint } = await discoverAuthorizationServerMetadata(authorization_servers[0])

const connections = {
  'auth/client-credentials-jwt': ({ client_id, private_key_pem, signing_algorithm }) => ({
    authProvider: new PrivateKeyJwtProvider({
      clientId: client_id,
      privateKey: private_key_pem,
      algorithm: signing_algorithm,
      expectedIssuer: issuer,
    }),
  }),
  'auth/client-credentials-basic': ({ client_id, client_secret }) => ({
    authProvider: new ClientCredentialsProvider({ clientId: client_id, clientSecret: client_secret, expectedIssuer: issuer }),
  }),
  'auth/enterprise-managed-authorization': (given) => ({
    authProvider: new CrossAppAccessProvider({
      clientId: given.client_id,
      clientSecret: given.client_secret,
      expectedIssuer: issuer,
      assertion: async ({ authorizationServerUrl, resourceUrl, scope }) => {
        const { jwtAuthGrant } = await requestJwtAuthorizationGrant({
          tokenEndpoint: given.idp_token_endpoint,
          audience: authorizationServerUrl.replace(/\/$/, ''),
          resource: resourceUrl,
          idToken: given.idp_id_token,
          clientId: given.idp_client_id,
          clientSecret: given.idp_client_secret,
          scope,
        })
        return jwtAuthGrant
      },
    }),
  }),
  /** A workload has a token of its platform, and no client library for this draft: it sends the form itself. */
  'auth/wif-jwt-bearer': async ({ valid_jwt }) => {
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: valid_jwt, resource: url }
    const answer = await fetch(token_endpoint, { method: 'POST', body: new URLSearchParams(form) })
    const { access_token } = await answer.json()
    return { requestInit: { headers: { authorization: `Bearer ${access_token}` } } }
  },
}

const client = new Client({ name: 'conformance-client', version: '1' })
await client.connect(new StreamableHTTPClientTransport(new URL(url), await connections[scenario](context)))
const { tools } = await client.listTools()
if (tools.some(({ name }) => name === 'whoami')) {
  const { content } = await client.callTool({ name: 'whoami' })
  console.log(content[0].text)
}
await client.close()

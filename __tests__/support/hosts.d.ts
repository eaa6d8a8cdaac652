/** The parts of untyped host libraries that the tests use. */
type Handler = import('express').RequestHandler
type Done = (error: unknown, value?: unknown, more?: unknown) => void

declare module 'oauth2orize' {
  interface Server {
    exchange(exchange: unknown): void
    grant(grant: unknown): void
    serializeClient(serialize: (client: never, done: Done) => void): void
    deserializeClient(deserialize: (id: string, done: Done) => void): void
    authorization(
      validate: (client_id: string, redirectUri: string, done: Done) => void,
      immediate: (client: unknown, user: unknown, scope: unknown, type: unknown, areq: unknown, done: Done) => void,
    ): Handler
    token(): Handler
    errorHandler(options?: object): import('express').ErrorRequestHandler
  }
  const oauth2orize: {
    createServer(): Server
    grant: { code(issue: (client: never, redirectUri: string, user: unknown, ares: unknown, done: Done) => void): unknown }
    exchange: {
      code(issue: (client: never, code: string, redirectUri: string, done: Done) => void): unknown
      refreshToken(issue: (client: never, refreshToken: string, scope: unknown, done: Done) => void): unknown
    }
  }
  export default oauth2orize
}
declare module 'passport' {
  class Passport {
    use(strategy: unknown): void
    initialize(): Handler
    authenticate(names: string[], options: object): Handler
  }
  const passport: { Passport: typeof Passport }
  export default passport
}
declare module 'passport-http' {
  const strategies: { BasicStrategy: new (verify: (id: string, secret: string, done: Done) => void) => object }
  export default strategies
}
declare module 'passport-oauth2-client-password' {
  const strategies: { Strategy: new (verify: (id: string, secret: string, done: Done) => void) => object }
  export default strategies
}
declare module '@node-oauth/express-oauth-server' {
  export default class ExpressOAuthServer {
    constructor(options: object)
    token(options?: object): Handler
    authorize(options?: object): Handler
    authenticate(options?: object): Handler
  }
}
declare module 'bluebird' {
  const bluebird: { promisify<T>(call: (...args: never[]) => unknown, options?: object): (...args: unknown[]) => Promise<T> }
  export default bluebird
}
declare module 'cors' {
  const cors: (options?: object) => Handler
  export default cors
}

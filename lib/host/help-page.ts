/** The address of the page that has a cause and a fix for a reason. */
export const pageOf = (reason: string) =>
  `https://github.com/OWNER/express-oauth-assertions/blob/main/docs/reference/errors.md#${encodeURIComponent(reason)}`

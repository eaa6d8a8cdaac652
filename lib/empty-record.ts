/**
 * An object without prototype, for names that a sender chose. `Object.create(null)` would be slow to fill and to freeze; and V8 before
 * version 13 (Node 20, 22) reads an object slowly whose prototype was changed when it had members.
 */
export const emptyRecord = <T>(): Record<string, T> => Object.setPrototypeOf({}, null)

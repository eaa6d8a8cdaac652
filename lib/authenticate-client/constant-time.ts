import { hash, timingSafeEqual } from 'node:crypto'

const digest = (text: string) => hash('sha256', text, 'buffer')

/** Compares two strings in a time that does not depend on where they differ. */
export const isEqual = (one: string, other: string) => timingSafeEqual(digest(one), digest(other))

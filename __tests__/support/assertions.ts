/** A setup file of Jest: a case in which nothing is expected cannot fail, so it fails. */
import { beforeEach, expect } from '@jest/globals'

beforeEach(() => expect.hasAssertions())

import { describe, expect, it } from 'vitest'

import { duplicatesOf, isIdNumber, readIdNumber } from '@/desk/new_patient'
import { ApiError } from '@/wire/client'

describe('an identity number', () => {
  it('tells birthday and gender', () => {
    expect(readIdNumber('11010519491231002X')).toEqual({ birth_date: '1949-12-31', gender: 'female' })
    expect(readIdNumber('11010519491231002x')).not.toBeNull()
  })

  it.each(['', '110105194912310021', '11010519491231002', 'A1010519491231002X'])('is not %s', (text) => {
    expect(isIdNumber(text)).toBe(false)
    expect(readIdNumber(text)).toBeNull()
  })
})

describe('people who may be the same', () => {
  it('come out of the server’s refusal, and of no other error', () => {
    const people = [{ id: 7, name: '阿莎' }]
    const refusal = new ApiError(409, 'duplicate_patient', '', '', null, null, { candidates: people })
    expect(duplicatesOf(refusal)).toEqual(people)
    expect(duplicatesOf(new ApiError(409, 'conflict', '', ''))).toBeNull()
    expect(duplicatesOf(new Error('x'))).toBeNull()
  })
})

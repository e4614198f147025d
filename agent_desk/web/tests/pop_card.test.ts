/** The pop: who rings, from which queue, by which keys; and its two buttons. */
import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'

import PopCard from '@/desk/PopCard.vue'
import CandidateList from '@/desk/CandidateList.vue'
import { installElementPlus } from '@/element_plus'
import { i18n } from '@/i18n'
import { useEntities } from '@/live/entities'
import { useSoftphone } from '@/phone/softphone'
import type { Call } from '@/wire/types'
import { aCall } from './cast'

const options = () => ({ global: { plugins: [i18n, { install: installElementPlus }] }, attachTo: document.body })
const pop = (call: Call) => mount(PopCard, { props: { call }, ...options() })
const textOf = (card: ReturnType<typeof pop>, id: string) => card.find(`[data-testid="${id}"]`).text()
const rings = (id: string, callId: string | null = null) => ({
  id, direction: 'incoming' as const, state: 'ringing' as const, isMuted: false, isHeld: false, isAutoAnswer: false, remoteName: '',
  callId, answeredAtMs: null,
})

describe('pop card', () => {
  beforeEach(() => {
    document.body.innerHTML = ''
    setActivePinia(createPinia())
  })

  it('given a recognised caller, then name, masked number, queue and keys are there', () => {
    const card = pop(aCall({ place: '江苏省常州市' }))
    expect(textOf(card, 'pop-name')).toBe('阿莎')
    expect(textOf(card, 'pop-number')).toBe('138****0001')
    expect(textOf(card, 'pop-queue')).toBe('预约挂号')
    expect(textOf(card, 'pop-path')).toContain('主菜单')
    expect(card.text()).toContain('白金')
    expect(card.text()).toContain('等待 00:48')
  })

  it('given two patients on one number, then none of them is named', () => {
    const people = [{ id: 1, name: '王芳' }, { id: 2, name: '王小宝' }].map((one) =>
      ({ ...one, gender: 'female' as const, age: 30, relation: 'self' }))
    const card = pop(aCall({ patient: null, candidates: people }))
    expect(textOf(card, 'pop-name')).toBe('2 位患者使用该号码')
    expect(card.text()).not.toContain('王芳')
  })

  it('given an unknown number, then it says so', () => {
    expect(textOf(pop(aCall({ patient: null })), 'pop-name')).toBe('未建档号码')
  })

  it('given no sound at this telephone, then it cannot be answered here; with sound it can', async () => {
    const card = pop(aCall())
    expect(card.find('[data-testid="answer"]').attributes('disabled')).toBeDefined()
    useSoftphone().calls = [rings('s1')]
    await card.vm.$nextTick()
    expect(card.find('[data-testid="answer"]').attributes('disabled')).toBeUndefined()
  })

  it('given hostile names, then they stay text', () => {
    const card = pop(aCall({ patient: null, caller_name: '<img src=x onerror=alert(1)>' }))
    expect(card.findAll('img')).toHaveLength(0)
    expect(textOf(card, 'pop-name')).toBe('<img src=x onerror=alert(1)>')
  })

  it('given somebody who types, when the pop comes, then the cursor stays where it is', () => {
    const field = document.body.appendChild(document.createElement('textarea'))
    field.focus()
    useSoftphone().calls = [rings('s1')]
    pop(aCall())
    expect(document.activeElement).toBe(field)
  })

  it('given several people, when the desk opens, then all are offered with their relation', () => {
    const call = aCall({
      patient: null,
      candidates: [
        { id: 21, name: '王芳', gender: 'female', age: 34, relation: 'self' },
        { id: 22, name: '王小宝', gender: 'male', age: 6, relation: 'child' },
      ],
    })
    useEntities().apply({ version: 1, kind: 'call', id: call.id, value: call })
    const list = mount(CandidateList, { props: { call }, ...options() })
    expect(list.findAll('[data-testid^="candidate-"]').map((one) => one.text().replace(/\s+/g, ' '))).toEqual([
      '王芳女 · 34 岁本人', '王小宝男 · 6 岁子女',
    ])
  })
})

/** The state of the menu editor: what is published, the draft under a lock, what is selected, what is wrong. */
import { computed, ref, shallowRef, watch } from 'vue'

import { i18n } from '@/i18n'
import { errorText } from '@/text/notices'
import { ApiError } from '@/wire/client'
import { freeKey } from './rows'
import { menuApi, type Finding, type Kind, type Kinds, type Menu, type MenuNode, type MenuTree, type Overview, type Value } from './wire'

const CHECK_AFTER_MS = 500

export function useMenuEditor() {
  const kinds = shallowRef<Kinds | null>(null)
  const overview = shallowRef<Overview | null>(null)
  const shown = shallowRef<Menu | null>(null)
  const tree = ref<MenuTree>({ entry: '', nodes: [] })
  const findings = ref<Finding[]>([])
  const selectedKey = ref('')
  const isDirty = ref(false)
  const isBusy = ref(false)
  const problem = ref('')
  const isConflict = ref(false)
  let timer: number | undefined

  const isDraft = computed(() => shown.value?.state === 'draft')
  const selected = computed(() => tree.value.nodes.find((node) => node.key === selectedKey.value) ?? null)
  const errors = computed(() => findings.value.filter((one) => !one.is_warning))
  const kindOf = (name: string): Kind | null => kinds.value?.kinds.find((one) => one.kind === name) ?? null
  const titleOf = (one: { title_zh: string; title_en: string }) =>
    (i18n.global.locale.value === 'en' ? one.title_en || one.title_zh : one.title_zh || one.title_en)
  const nodeTitle = (key: string) => {
    const node = tree.value.nodes.find((one) => one.key === key)
    return node ? titleOf(node) || node.key : key
  }

  function show(menu: Menu): void {
    shown.value = menu
    tree.value = structuredClone(menu.tree)
    findings.value = menu.findings
    isDirty.value = false
    isConflict.value = false
    if (!tree.value.nodes.some((node) => node.key === selectedKey.value)) selectedKey.value = tree.value.entry
  }

  /** Runs one request; the page keeps what was typed whatever comes back. */
  async function run(action: () => Promise<void>): Promise<boolean> {
    if (isBusy.value) return false
    isBusy.value = true
    problem.value = ''
    try {
      await action()
      return true
    } catch (error) {
      problem.value = errorText(error)
      isConflict.value = error instanceof ApiError && error.code === 'conflict'
      return false
    } finally {
      isBusy.value = false
    }
  }

  const load = () => run(async () => {
    kinds.value = await menuApi.kinds()
    overview.value = await menuApi.overview()
    const draft = overview.value.draft
    const id = overview.value.published_id
    if (draft) show(draft)
    else if (id !== null) show(await menuApi.version(id))
  })
  const refreshKinds = async (): Promise<void> => { kinds.value = await menuApi.kinds() }
  const look = (id: number) => run(async () => show(await menuApi.version(id)))
  const begin = (id: number | null = null) => run(async () => {
    show(await menuApi.begin(id))
    overview.value = await menuApi.overview()
  })
  const save = () => run(async () => {
    if (shown.value && isDraft.value) show(await menuApi.save(tree.value, shown.value.lock_version))
  })
  async function publish(note: string): Promise<boolean> {
    if (isDirty.value && !(await save())) return false
    const lock = shown.value?.lock_version
    if (lock === undefined || !(await run(async () => { await menuApi.publish(lock, note) }))) return false
    return load()
  }
  async function discard(): Promise<boolean> {
    const lock = shown.value?.lock_version
    return lock !== undefined && (await run(() => menuApi.discard(lock))) && load()
  }
  const rollBack = async (id: number, note: string) => (await run(async () => { await menuApi.rollBack(id, note) })) && load()

  function changed(): void {
    isDirty.value = true
    window.clearTimeout(timer)
    timer = window.setTimeout(() => void check(), CHECK_AFTER_MS)
  }
  async function check(): Promise<void> {
    try {
      findings.value = (await menuApi.check(tree.value)).findings
    } catch (error) {
      problem.value = errorText(error)
    }
  }

  const choose = (key: string | undefined): void => { selectedKey.value = key ?? '' }
  function makeEntry(key: string): void {
    tree.value.entry = key
    changed()
  }
  function add(kindName: string): MenuNode {
    const kind = kindOf(kindName)
    const key = freeKey(tree.value, kindName.replaceAll('_', '-'))
    const parameters: Record<string, Value> = {}
    for (const one of kind?.parameters ?? []) if (one.is_required) parameters[one.name] = one.default
    const choices: Record<string, string> = kindName === 'menu' ? { '*': key } : {}
    const person = tree.value.nodes.find((node) => node.kind === 'queue')
    if (kindName === 'menu' && person) choices['0'] = person.key
    const node: MenuNode = { key, kind: kindName, title_zh: '', title_en: '', prompts: [], choices, parameters }
    tree.value.nodes.push(node)
    selectedKey.value = key
    changed()
    return node
  }
  function remove(key: string): void {
    tree.value.nodes = tree.value.nodes.filter((node) => node.key !== key)
    for (const node of tree.value.nodes) {
      node.choices = Object.fromEntries(Object.entries(node.choices).filter(([, target]) => target !== key))
    }
    selectedKey.value = tree.value.entry
    changed()
  }
  /** A new key for a node, in every way that leads to it. False when another node has it. */
  function rename(node: MenuNode, key: string): boolean {
    if (tree.value.nodes.some((one) => one !== node && one.key === key)) return false
    const old = node.key
    for (const one of tree.value.nodes) {
      one.choices = Object.fromEntries(Object.entries(one.choices).map(([way, target]) => [way, target === old ? key : target]))
    }
    if (tree.value.entry === old) tree.value.entry = key
    node.key = key
    selectedKey.value = key
    changed()
    return true
  }

  watch(selectedKey, () => { problem.value = '' })
  return {
    kinds, overview, shown, tree, findings, errors, selectedKey, selected, isDirty, isDraft, isBusy, problem, isConflict,
    kindOf, titleOf, nodeTitle, load, refreshKinds, look, begin, save, publish, discard, rollBack, changed, choose, makeEntry, add, remove, rename,
  }
}

export type MenuEditor = ReturnType<typeof useMenuEditor>

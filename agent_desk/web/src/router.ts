/** One row per page: where it is, what it needs, whether it stands inside the shell. */
import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from 'vue-router'

import { useSession } from '@/session/session'
import type { Permission } from '@/wire/types'

declare module 'vue-router' {
  interface RouteMeta {
    /** Nobody needs to be logged in. */
    isOpen?: boolean
    permission?: Permission
    title?: string
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/login', component: () => import('./shell/LoginPage.vue'), meta: { isOpen: true, title: 'page.login' } },
  { path: '/phone', component: () => import('./demo_phone/PhonePage.vue'), meta: { isOpen: true, title: 'page.phone' } },
  {
    path: '/',
    component: () => import('./shell/AppShell.vue'),
    children: [
      { path: '', redirect: '/desk' },
      { path: 'desk', component: () => import('./desk/DeskPage.vue'), meta: { permission: 'desk.use', title: 'page.desk' } },
      { path: 'board', component: () => import('./board/BoardPage.vue'), meta: { permission: 'board.view', title: 'page.board' } },
      {
        path: 'recordings', component: () => import('./recordings/RecordingsPage.vue'),
        meta: { permission: 'recording.list', title: 'page.recordings' },
      },
      {
        path: 'campaigns', component: () => import('./campaigns/CampaignsPage.vue'),
        meta: { permission: 'campaign.manage', title: 'page.campaigns' },
      },
      { path: 'menus', component: () => import('./menus/MenusPage.vue'), meta: { permission: 'menu.view', title: 'page.menus' } },
      { path: 'prompts', component: () => import('./prompts/PromptsPage.vue'), meta: { permission: 'menu.view', title: 'page.prompts' } },
      { path: 'hours', component: () => import('./menus/hours/HoursPage.vue'), meta: { permission: 'menu.view', title: 'page.hours' } },
      { path: 'messages', component: () => import('./messages/MessagesPage.vue'), meta: { permission: 'board.view', title: 'page.messages' } },
      { path: 'lost', component: () => import('./lost/LostPage.vue'), meta: { permission: 'lost.view', title: 'page.lost' } },
      { path: 'tickets', component: () => import('./tickets/TicketsPage.vue'), meta: { permission: 'ticket.view', title: 'page.tickets' } },
      { path: 'schedule', component: () => import('./schedule/SchedulePage.vue'), meta: { permission: 'schedule.close', title: 'page.schedule' } },
      { path: 'refused', component: () => import('./shell/ErrorPage.vue'), props: { kind: 'refused' } },
      { path: ':rest(.*)*', component: () => import('./shell/ErrorPage.vue'), props: { kind: 'missing' } },
    ],
  },
]

/** The first page this person may see. */
export function homeOf(can: (permission: Permission) => boolean): string {
  if (can('desk.use')) return '/desk'
  return can('board.view') ? '/board' : '/refused'
}

export function createDeskRouter(): Router {
  const router = createRouter({ history: createWebHistory(), routes })
  router.beforeEach(async (to) => {
    if (to.meta.isOpen) return true
    const session = useSession()
    const isIn = session.info !== null || (await session.load())
    if (!isIn) return { path: '/login', query: to.path === '/' ? {} : { next: to.fullPath } }
    if (to.meta.permission && !session.can(to.meta.permission)) {
      const home = homeOf(session.can)
      return home === to.path ? '/refused' : to.path === '/desk' ? home : '/refused'
    }
    return true
  })
  return router
}

/** Puts the desk together and mounts it. */
import 'element-plus/dist/index.css'
import './styles/tokens.css'

import { createPinia } from 'pinia'
import { createApp } from 'vue'

import App from './App.vue'
import { installElementPlus } from './element_plus'
import { i18n } from './i18n'
import { createDeskRouter } from './router'

const app = createApp(App)
app.use(createPinia())
app.use(i18n)
app.use(createDeskRouter())
installElementPlus(app)
app.mount('#app')

/** The Element Plus components the desk uses, in one table (so that no page carries the rest). */
import {
  ElAlert, ElBadge, ElButton, ElCheckbox, ElCollapse, ElCollapseItem, ElConfigProvider, ElDatePicker, ElDialog, ElDrawer,
  ElDropdown, ElDropdownItem, ElDropdownMenu, ElEmpty, ElForm, ElFormItem, ElIcon, ElInput, ElInputNumber, ElLoading,
  ElOption, ElPagination, ElPopover, ElProgress, ElRadio, ElRadioButton, ElRadioGroup, ElSelect, ElSkeleton, ElTabPane,
  ElTable, ElTableColumn, ElTabs, ElTag, ElTimeSelect, ElTooltip, ElUpload,
} from 'element-plus'
import type { App } from 'vue'

const COMPONENTS = [
  ElAlert, ElBadge, ElButton, ElCheckbox, ElCollapse, ElCollapseItem, ElConfigProvider, ElDatePicker, ElDialog, ElDrawer,
  ElDropdown, ElDropdownItem, ElDropdownMenu, ElEmpty, ElForm, ElFormItem, ElIcon, ElInput, ElInputNumber, ElLoading,
  ElOption, ElPagination, ElPopover, ElProgress, ElRadio, ElRadioButton, ElRadioGroup, ElSelect, ElSkeleton, ElTabPane,
  ElTable, ElTableColumn, ElTabs, ElTag, ElTimeSelect, ElTooltip, ElUpload,
]

export function installElementPlus(app: App): void {
  for (const component of COMPONENTS) app.use(component)
}

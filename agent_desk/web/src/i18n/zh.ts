/** The words of the screens in Chinese: the first language. */
import { zh as deskWords } from '@/desk/words'
import { zh as menuWords } from '@/menus/words'
import { zh as messageWords } from '@/messages/words'
import { zh as officeWords } from '@/lost/words'

export default {
  ...menuWords,
  ...messageWords,
  ...deskWords,
  ...officeWords,
  app: { name: '医院服务热线', outdated: '服务端已有新版本。', reload: '立即刷新' },
  page: {
    login: '登录', desk: '工作台', board: '监控', recordings: '录音', campaigns: '外呼', menus: '语音导航', prompts: '提示音', hours: '服务时间', messages: '消息', lost: '漏接回拨', tickets: '工单', schedule: '排班停诊', phone: '演示电话',
    pages: '页面', home: '返回首页', missing: '没有这个页面', refused: '您没有查看此页面的权限',
  },
  common: {
    cancel: '取消', save: '保存', copy: '复制', retry: '重试', search: '查询', more: '加载更多', refresh: '刷新', remove: '删除',
    loading: '正在加载…', nothing: '暂无数据', requested: '请求中…', time: '时间',
  },
  role: { agent: '坐席', supervisor: '班长', admin: '管理员' },
  login: {
    subtitle: '坐席与班长登录', name: '工号', password: '密码', totp: '动态口令', has_totp: '使用动态口令', submit: '登录',
    wait: '请在 {n} 秒后重试', again: '登录已失效', again_why: '页面内容已保留，重新登录后可继续。', other: '换一个工号登录',
  },
  user: {
    menu: '用户菜单', password: '修改密码', password_old: '当前密码', password_fresh: '新密码', password_again: '再次输入新密码',
    password_changed: '密码已修改，请用新密码重新登录', password_differs: '两次输入的新密码不一致', password_must: '首次登录请先修改密码。',
    logout: '退出登录', busy: '通话未结束，不能退出登录',
  },
  second_factor: {
    title: '动态口令', must: '您的账号须绑定动态口令后才能使用。', begin: '生成二维码', confirm: '确认绑定', remove: '解除绑定', scan: '请用手机的身份验证器扫描二维码，再输入显示的 6 位动态口令。',
    picture: '绑定动态口令的二维码', or_type: '或手动输入密钥', in_force: '动态口令已生效', removed: '动态口令已解除', is_there: '已绑定动态口令。解除需要密码和当前动态口令。',
  },
  error: {
    unreachable: '无法连接服务器，请检查网络', timeout: '服务器响应超时', internal: '操作失败，请稍后再试', unconfirmed: '尚未收到电话系统的确认，请以界面状态为准',
    login_failed: '工号或密码不正确', login_throttled: '尝试次数过多，请稍后再试', not_allowed: '您没有此项权限', wrong_state: '当前状态下不能执行此操作',
    not_found: '找不到该内容，或您无权查看', telephony_unavailable: '电话系统暂时不可用，请稍后再试', telephony_refused: '电话系统拒绝了该操作',
    conflict: '已被他人抢先处理，请刷新后重试', invalid_input: '填写的内容有误', csrf: '页面已过期，请刷新后重试', too_large: '内容过大',
    phone_not_registered: '话机未注册，不能签入', signed_on_elsewhere: '该工号已在另一处签入', weak_password: '新密码不符合要求',
  },
  help: { title: '快捷键', short: '帮助', ime: '输入法正在组词时，快捷键不起作用。', build: '版本 {id}' },
  keys: {
    answer_or_hang_up: '接听 / 挂机', reject: '拒接', dial: '外呼', keypad: '拨号键盘', mute: '静音 / 取消静音', hold: '保持 / 取回',
    transfer: '转接', save: '保存小结并示闲', help: '显示快捷键', sent: '已发送的按键',
  },
  bar: { label: '通话条', call: '通话操作' },
  link: { up: '已连接', lost: '已断开 {n} 秒', telephony_lost: '电话系统已断开 {n} 秒' },
  state: {
    unknown: '读取中', offline: '离线', ready: '空闲', paused: '示忙', ringing: '振铃', talking: '通话', holding: '保持', wrap_up: '话后整理',
    go_ready: '示闲', sign_on: '签入', sign_off: '签出', by_supervisor: '班长设置', by_system: '系统设置', by_self: '自己', pause_after: '通话后示忙',
  },
  phone: {
    registered: '已注册', unregistered: '未注册', start: '启用话机', restart: '重连话机', cause: '原因：{cause}', other_tab: '话机在另一个标签页中运行',
    ring_locked: '单击页面任意处以启用铃声。',
    problem: {
      NotAllowedError: '浏览器未允许使用麦克风，请在地址栏中允许后重试', NotFoundError: '没有找到麦克风，请检查耳机是否插好',
      NotReadableError: '麦克风被其他程序占用', insecure: '浏览器只在 HTTPS（或本机）页面上允许使用麦克风', not_registered: '话机未能注册，请检查网络后重试',
      no_account: '未能取得话机账号，请联系管理员', other: '话机启动失败',
    },
  },
  call: {
    answer: '接听', reject: '拒接', hold: '保持', retrieve: '取回', mute: '静音', unmute: '取消静音', transfer: '转接', keypad: '键盘', hang_up: '挂机',
    dial: '外呼', dial_hint: '号码或分机', call_back: '回拨', tabs: '通话列表', ivr_path: '按键轨迹', pressed: '按键 {key}', recording: '录音中', held_for: '已保持 {time}',
  },
  call_state: {
    dialling: '呼出中', ivr: '语音导航', queued: '排队', ringing: '振铃', talking: '通话中', held: '保持中', consulting: '咨询中', conference: '三方通话',
    department: '科室通话', ended: '已结束',
  },
  pop: {
    title: '新的来电', notification: '请返回工作台接听', announce: '新的来电，{queue}', several: '{n} 位患者使用该号码', unknown: '未建档号码', waited: '等待 {time}',
    ringing: '振铃 {time}', next_appointment: '下次预约', transferred_from: '由 {name} 转来', department_no_answer: '科室未接，已转回', withdrawn: '来电已取消或由其他坐席接听',
    no_sound_yet: '等待话机振铃…', answer_at_phone: '请在话机上接听',
  },
  transfer: {
    title: '转接', agent: '坐席', queue: '技能组', department: '科室', number: '外线', number_hint: '外线号码', queue_hint: '排队 {n} · 空闲 {m}', blind: '直接转接', attended: '咨询转接',
    consulting: '正在咨询', consult_ringing: '振铃中', consult_talking: '通话中', complete: '完成转接', cancel: '取回患者', conference: '三方通话',
  },
  patient: {
    label: '患者', age: '{n} 岁', vip: 'VIP {n}', id_number: '身份证', phone: '电话', dial: '呼叫 {number}', card_number: '就诊卡号', insurance: '医保类型', preferred_time: '偏好时段',
    consents: '同意情况', allergy: '过敏', caution: '注意', unknown: '未知联系人', not_found: '该号码没有对应的患者档案。', choose: '请确认通话人（{n} 位）', change: '更换通话人（{n} 位）',
  },
  new_patient: {
    title: '新建患者', name: '姓名', name_hint: '实名，与证件一致', name_missing: '请填写姓名', gender: '性别', birth_date: '出生日期', relation: '号码归属', bad_id_number: '身份证号不正确', saved: '已建档并关联本次通话',
    is_there: '该患者已有档案', may_be_there: '可能是以下患者（{n} 位），请先核对', it_is: '就是此人', nobody_of_them: '都不是，新建患者',
    reason: { id_number: '身份证相同', card_number: '就诊卡相同', name_and_number: '姓名和号码相同', name_and_birth_date: '姓名和生日相同' },
  },
  gender: { male: '男', female: '女', unknown: '性别未知' },
  consent: { recording: '录音', outbound: '外呼', sms: '短信' },
  relation: { self: '本人', spouse: '配偶', child: '子女', parent: '父母', other: '其他' },
  unmask: { open: '查看完整内容', why: '查看将被记录，30 秒后自动隐藏。', reason: '请填写事由', show: '查看' },
  timeline: { title: '时间轴', label: '患者记录', appointment: '预约', appointments: '预约 {n}', calls: '最近通话 {n}', empty: '暂无记录', no_calls: '此前没有通话' },
  appointment: { time: '时间', department: '科室', doctor: '医生', place: '地点', empty: '没有预约' },
  direction: { inbound: '来电', outbound: '外呼' },
  details: { label: '通话详情', direction: '方向', arrived: '开始时间', queue: '队列', priority: '优先级', waited: '等待', answered: '接听时间', ended: '结束时间', handed_over: '前一坐席备注' },
  summary: {
    title: '服务小结', disposition: '一级分类', sub_disposition: '二级分类', is_resolved: '是否解决', resolved: '已解决', unresolved: '未解决', notes: '备注', notes_hint: '备注（自动暂存）',
    saved: '已暂存 {time}', saving: '暂存中…', unsaved: '未能暂存，正在重试', missing: '请填写：{fields}', still_talking: '通话结束后才能提交小结', save_ready: '保存并示闲', save_pause: '保存并示忙',
    extend: '继续整理', timeout: '超时后系统自动保存，并列入待补小结', no_dispositions: '未能读取小结分类', copied: '已复制', copy_failed: '复制失败，请手动选择文字', orphan_title: '有一条备注未能保存',
    orphan_why: '通话已不在您的工作台，服务器没有接受这段文字。请复制后另行登记。', orphan_done: '我已处理', overdue_title: '补填小结', overdue_saved: '小结已补填',
  },
  empty: {
    label: '今日', sign_on: '请先签入，再接听来电', no_phone: '话机未注册，暂时不能接听来电', paused: '示忙中，不会分配来电', ready: '空闲，等待来电', answered: '今日接听', outbound: '今日外呼',
    avg_talk: '平均通话', missed: '漏接', overdue: '待补小结 {n} 条', wrap_up: '话后整理中',
  },
  queue: {
    title: '队列', name: '队列', waiting: '排队', longest: '最久', ready: '空闲', talking: '通话', service_level: '20秒服务水平', mine: '我的', nobody: '无人在线',
    staff: '空闲 {ready} · 通话 {talking} · 在线 {all}', day: '今日 {offered} · 接 {answered} · 弃 {abandoned}',
  },
  kpi: {
    label: '关键指标', waiting: '排队', longest: '最长等待', service_level: '20秒服务水平', answered: '接通率', abandoned: '放弃', agents: '在线坐席', quick: '速挂 {n}',
    agents_note: '空闲 {ready} 通话 {talking} 整理 {wrap} 小休 {paused}', waiting_formula: '此刻在所有队列中等待的人数', longest_formula: '此刻等待最久的来电已等待的时间',
    service_level_formula: '今日 20 秒内接听 ÷（接听 + 放弃）', answered_formula: '今日接听 ÷ 进入队列', abandoned_formula: '今日排队中放弃的来电；速挂为 5 秒内放弃', agents_formula: '已签入的坐席；通话含振铃与保持',
  },
  board: {
    agents: '坐席', agent: '坐席', state: '状态', since: '时长', with: '对方', queues: '技能组', today: '接/呼 平均', actions: '操作', all_queues: '全部技能组', all_states: '全部状态',
    listen: '监听', whisper: '耳语', barge: '强插', monitor_sent: '已请求{mode} {name}，话机将自动接通', monitored: '正在被监听：{names}', force: '管理 {name}', force_ready: '强制示闲', force_paused: '强制示忙',
    force_offline: '强制签出', force_reason: '请填写原因（坐席可见）', waiting: '排队列表', priority: '优先 {n}', nobody_waits: '没有人在排队', no_agents: '没有符合条件的坐席', as_of: '数据时间 {time}', live: '实时',
    reconnecting: '正在重连，数据可能不是最新',
  },
  range: { today: '今天', yesterday: '昨天', week: '7天', custom: '自定', from: '开始', to: '结束' },
  recordings: {
    started: '开始时间', time: '时间', direction: '方向', number: '号码', patient: '患者', agent: '坐席', waited: '等待', length: '通话', hung_up_by: '挂机方', outcome: '结果', recording: '录音', open: '播放',
    state: '录音状态', min_s: '≥ 秒', max_s: '≤ 秒', found: '共 {n} 条', none: '没有符合条件的录音', missing: '漏录 {n}',
  },
  recording_state: { ready: '正常', recording: '录音中', missing: '缺失', empty: '空录音', damaged: '已损坏', expired: '已到期删除' },
  player: {
    title: '录音回放', play: '播放', pause: '暂停', back: '后退 10 秒', forward: '前进 10 秒', rate: '播放速度', segments: '通话分段', patient: '患者', agent: '坐席', number: '号码', queue: '队列', outcome: '结果',
    hung_up_by: '挂机方', disposition: '小结', patient_share: '患者说话', agent_share: '坐席说话', silence_share: '静默', size: '文件大小', verify: '验真', unchanged: '文件未被改动', changed: '文件与存档时不一致！',
    listens: '谁听过 {n}', nobody: '还没有人听过', failed: '无法播放这条录音',
  },
  segment: { ivr: '语音导航', queue: '排队', talk: '通话', hold: '保持', consult: '咨询', transfer: '转接' },
  campaign: {
    hint: '满意度语音问卷：接通后播放问题，患者按键评分', new: '新建活动', create: '创建', title: '活动名称', title_hint: '例如：十一月出院患者满意度', concurrency: '并发路数', concurrency_hint: '同时最多拨打的电话数',
    max_attempts: '最多拨打次数', caller_id: '主叫号码', caller_id_hint: '留空则使用热线号码', comment: '语音留言', comment_hint: '问卷结束后请患者留言', hours: '拨打时段', own_hours: '自定时段（不勾选则按医院默认时段）',
    span: '时段 {n}', weekdays: '星期', holidays: '节假日也拨打', import: '导入名单', start: '启动', pause: '暂停', stop: '停止', no_contacts: '请先导入名单',
    confirm_start: '将开始拨打 {n} 位联系人。确定启动吗？', confirm_stop: '停止后不能再启动，未拨打的 {n} 位联系人将不再拨打，正在进行的通话会正常结束。确定停止吗？', none: '还没有外呼活动', total: '名单',
    dialled: '已拨', answered_ratio: '接通率', completed_ratio: '完成率', refused: '拒访', remaining: '剩余', in_flight: '通道', to_review: '待核查', not_started: '尚未拨打', results: '问卷结果', contacts: '名单明细',
    all_contacts: '全部状态', last_outcome: '上次结果', attempts: '次数', due: '下次拨打', mean: '平均 {mean} 分（满分 {max}），{n} 人作答', no_results: '还没有人作答', score: '{score} 分 {n} 人', points: '{n} 分',
  },
  campaign_state: { draft: '草稿', running: '进行中', paused: '已暂停', stopped: '已停止', finished: '已完成' },
  campaign_kind: { survey: '满意度问卷' },
  contact_state: { waiting: '待拨打', claimed: '拨打中', done: '已完成', refused: '拒访', unreached: '未联系上', invalid: '空号', to_review: '待核查' },
  outcome: {
    completed: '完成', partial: '部分完成', silent: '未作答', refused: '拒访', busy: '占线', no_answer: '无人接听', rejected: '拒接', unobtainable: '无法接通', failed: '线路失败', to_review: '待核查', unknown: '未知',
  },
  import: {
    title: '导入名单', drop: '将 CSV 文件拖到此处，或单击选择', hint: '第一行为标题，需有“电话”或“手机”列，可有“姓名”列；选择后先检查，不会立即导入', accepted: '可导入 {n} 行', refused: '拒绝 {n} 行', errors: '问题行',
    line: '行号', column: '列', problem: '问题', more_errors: '另有 {n} 行问题未显示', preview: '预览', name: '姓名', go: '导入 {n} 行', done: '已导入 {n} 位联系人',
  },
  weekday: { 1: '一', 2: '二', 3: '三', 4: '四', 5: '五', 6: '六', 7: '日' },
  demo: {
    note: '模拟公共电话网上的一部电话：扮演患者拨打热线，仅用于演示。', who: '本机号码', who_hint: '可直接输入任意号码', target: '拨打', dial: '拨打', idle: '待机', calling: '正在呼叫…', incoming: '{name} 来电', ended: '通话已结束：{cause}',
  },
  cause: {
    Terminated: '对方已挂机', Canceled: '已取消', Rejected: '被拒绝', Busy: '占线', 'No Answer': '无人接听', Unavailable: '暂时无法接通', 'Not Found': '号码不存在',
    'User Denied Media Access': '麦克风未被允许', 'Connection Error': '网络中断', 'Request Timeout': '无响应', Expires: '振铃超时', 'RTP Timeout': '声音中断',
  },
}

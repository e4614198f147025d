/** The words of the desk's tabs in both languages: booking, history, money, answers, the patient's sheet. */
export const zh = {
  booking: {
    from_day: '起始日期', nobody: '这一周没有排班', wait: '候补', wait_for: '单击加入候补', mine: '已锁', held: '已锁 {time} {n}号，剩余', release: '放弃', confirm: '确认预约',
    confirm_move: '确认改约', moving: '正在改约：{what}', done: '预约成功', moved: '改约成功', cancelled: '已取消', told: '短信将发至 {to}', not_told: '没有可接收短信的号码', sms_refused: '患者不接收短信',
    not_real_name: '未登记身份证号，不能预约（实名制）。请先在患者资料中补录。', blocked: '爽约 {n} 次，{day} 前暂停预约。', until: '至 {day}', opens_on: '{day} 放号', instead: '另有 {n} 个可约时段',
    hold_over: '锁号时间已到，请重新选择', waiting_joined: '已加入候补，第 {n} 位', waiting_list: '候补', place: '第 {n} 位', accept: '接受此号', leave: '退出候补',
    booked: '预约记录', move: '改约', cancel: '取消', cancel_go: '确认取消', why: '取消原因', answer_first: '接听后可为患者预约',
  },
  history: { filter: '筛选', all: '全部', no_patient: '请先确认患者' },
  history_kind: { visit: '就诊', medication: '用药', report: '检查检验', appointment: '预约', call: '通话', message: '消息', ticket: '工单', enquiry: '咨询' },
  visits: {
    title: '就诊', none: '没有就诊记录', now: '住院中', waiting: '未出报告：{what}', condition: '病情', diagnosis: '诊断', treatment: '治疗', cautions: '注意', medication: '用药', reports: '报告',
    until: '{n} 天，用至 {day}', abnormal: '异常', not_ready: '未出',
  },
  fees: {
    title: '费用', prove: '先核验身份：请患者说出以下任意两项（已填 {n}/4）。核验过程有留痕，不会提示哪一项不对。', fact_name: '姓名', fact_id_tail: '身份证后四位', fact_birth_date: '出生日期（8 位数字）', fact_card_number: '就诊卡号',
    check: '核验', not_proven: '核验未通过', locked: '今日核验失败次数过多，请转班长处理', total: '总费用', insurance: '医保', self: '自付', unpaid: '待缴', balance: '预交金余额', none: '没有费用记录',
    kind: '类别', item: '项目', amount_fen: '金额', insurance_fen: '医保支付', self_fen: '自付', paid: '已缴', open: '待缴',
  },
  answers: {
    title: '知识库', hint: '药品、价格、科室、流程', all: '全部', kind: '类别', none: '没有找到', expired: '已过期', owner: '责任人', valid_until: '有效期', send: '发短信', solved: '一次解决', unsolved: '未解决',
    sent: '已发送至 {to}', noted: '咨询已登记', in_call: '本次咨询：',
  },
  sheet: {
    open: '完整资料', title: '患者资料', fields: '资料', consents: '授权', tier: '等级', merge: '合并', edit: '修改', masked: '已隐藏，留空则不修改', why: '原因', saved: '已保存', agreed: '同意', refused: '拒绝', never: '未询问',
    ledger: '授权记录', granted: '同意', withdrawn: '撤回', tier_why: '依据', by_hand: '人工', set: '设定等级', by_rule: '恢复按规则', vip: 'VIP 卡', vip_number: '卡号', vip_level: '级别', vip_until: '有效期至',
    find: '查找重复档案', find_hint: '姓名、拼音或证件号', look: '预览合并', merge_go: '确认合并', merge_what: '合并后保留当前档案；以下内容会移过来：', differs: '不同的项目', mine: '当前档案', other: '重复档案',
    contradiction: '两份档案可能不是同一人：{what}', merged: '已合并', merges: '合并记录', undo: '撤销合并', undone: '已撤销', undone_mark: '已撤销', nobody: '没有找到',
  },
  tier: { platinum: '白金', gold: '黄金', iron: '铁质', lead: '铅质' },
  answer_row: { specification: '规格', unit: '单位', usage: '用法', origin: '产地', reimbursement: '报销' },
}

export const en: typeof zh = {
  booking: {
    from_day: 'From day', nobody: 'Nobody sits this week', wait: 'wait', wait_for: 'Click to stand in line', mine: 'held', held: 'Held {time} no. {n}, left', release: 'Let go', confirm: 'Book',
    confirm_move: 'Move here', moving: 'Moving: {what}', done: 'Booked', moved: 'Moved', cancelled: 'Cancelled', told: 'SMS to {to}', not_told: 'no number that can receive an SMS', sms_refused: 'the patient wants no SMS',
    not_real_name: 'No identity number: cannot be booked (real-name rule). Complete the card first.', blocked: '{n} no-shows: no booking until {day}.', until: 'until {day}', opens_on: 'opens on {day}', instead: '{n} other times are free',
    hold_over: 'The hold has ended, choose again', waiting_joined: 'In line, place {n}', waiting_list: 'Waiting list', place: 'place {n}', accept: 'Take this seat', leave: 'Leave the line',
    booked: 'Appointments', move: 'Move', cancel: 'Cancel', cancel_go: 'Cancel it', why: 'Why', answer_first: 'Answer first, then book',
  },
  history: { filter: 'Filter', all: 'All', no_patient: 'Choose the patient first' },
  history_kind: { visit: 'Visits', medication: 'Medicine', report: 'Reports', appointment: 'Bookings', call: 'Calls', message: 'Messages', ticket: 'Tickets', enquiry: 'Enquiries' },
  visits: {
    title: 'Visits', none: 'No visits', now: 'in hospital now', waiting: 'Not ready: {what}', condition: 'Condition', diagnosis: 'Diagnosis', treatment: 'Treatment', cautions: 'Cautions', medication: 'Medicine', reports: 'Reports',
    until: '{n} days, until {day}', abnormal: 'abnormal', not_ready: 'not ready',
  },
  fees: {
    title: 'Fees', prove: 'Identity first: any two of these ({n}/4 filled in). Every try is noted; which one was wrong is never told.', fact_name: 'Name', fact_id_tail: 'Last four of the ID', fact_birth_date: 'Birth date (8 digits)', fact_card_number: 'Patient card',
    check: 'Check', not_proven: 'Not proven', locked: 'Too many failures today: ask the supervisor', total: 'Total', insurance: 'Insurance', self: 'Own part', unpaid: 'To pay', balance: 'Deposit left', none: 'No charges',
    kind: 'Kind', item: 'Item', amount_fen: 'Amount', insurance_fen: 'Insurance', self_fen: 'Own part', paid: 'paid', open: 'open',
  },
  answers: {
    title: 'Answers', hint: 'Medicine, price, department, way', all: 'All', kind: 'Kind', none: 'Nothing found', expired: 'expired', owner: 'Owner', valid_until: 'Valid until', send: 'Send SMS', solved: 'Solved', unsolved: 'Not solved',
    sent: 'Sent to {to}', noted: 'Noted', in_call: 'In this call:',
  },
  sheet: {
    open: 'Whole sheet', title: 'Patient', fields: 'Fields', consents: 'Consents', tier: 'Tier', merge: 'Merge', edit: 'Change', masked: 'hidden; empty means unchanged', why: 'Why', saved: 'Saved', agreed: 'Yes', refused: 'No', never: 'not asked',
    ledger: 'Ledger', granted: 'granted', withdrawn: 'withdrawn', tier_why: 'Because', by_hand: 'by hand', set: 'Set tier', by_rule: 'By rule again', vip: 'VIP card', vip_number: 'Number', vip_level: 'Level', vip_until: 'Valid until',
    find: 'Find a duplicate', find_hint: 'Name, pinyin or paper', look: 'Preview', merge_go: 'Merge', merge_what: 'This record stays; these move to it:', differs: 'Different', mine: 'This record', other: 'Duplicate',
    contradiction: 'These may be two people: {what}', merged: 'Merged', merges: 'Merges', undo: 'Undo', undone: 'Undone', undone_mark: 'undone', nobody: 'Nobody found',
  },
  tier: { platinum: 'Platinum', gold: 'Gold', iron: 'Iron', lead: 'Lead' },
  answer_row: { specification: 'Spec.', unit: 'Unit', usage: 'Use', origin: 'Origin', reimbursement: 'Insured' },
}

/** The words of the pages of missed callers, tickets and schedule in both languages. */
export const zh = {
  lost: {
    missed: '漏接', call_backs: '回拨登记', nuisance: '骚扰名单', open: '未处理', closed: '已处理', number: '号码', patient: '患者', queue: '队列', reason: '原因', last: '最近来电', times: '次数',
    repeated: '多次未接通', how: '处理结果', call: '回拨', close: '关闭', none: '没有漏接，都已接听或回拨', none_closed: '还没有处理过的漏接', no_call_backs: '没有回拨登记', since: '进队时间', due: '计划回拨', attempts: '已试', state: '状态',
    cancel: '取消回拨', no_nuisance: '名单为空', add: '列入名单', until: '截止', by: '列入人', admit: '移出', why: '原因', closed_ok: '已关闭', withheld: '未显示号码',
  },
  tickets: {
    title: '工单', open: '处理中', done: '已办结', number: '编号', kind: '类型', state: '状态', due: '办理时限', left: '剩余 {n} 天', overdue: '已超时', none: '没有待处理的工单', choose: '选择左侧的工单查看', patient: '患者',
    department: '科室', message: '留言录音', missing: '录音缺失', waiting: '录音入库中', note: '处理说明', move: '转为“{state}”', moved: '已更新', hops: '处理记录', opened: '受理',
  },
  schedule: {
    title: '排班与停诊', department: '科室', all: '全部科室', none: '这一天没有排班', doctor: '医生', period: '时段', left: '号源', place: '地点', close: '停诊', reopen: '恢复出诊', reason: '停诊原因', close_why: '{what} 停诊后，已约患者的预约将被取消，名单列出以便逐一通知。',
    go: '确认停诊', closed: '已停诊，影响 {n} 位患者', affected: '受影响患者（{n} 位）', nobody: '没有受影响的患者', reopened: '已恢复，原预约不会自动恢复', show: '受影响患者', patient: '患者', phone: '电话', time: '原预约',
  },
}

export const en: typeof zh = {
  lost: {
    missed: 'Missed', call_backs: 'Call-backs', nuisance: 'Refused numbers', open: 'Open', closed: 'Settled', number: 'Number', patient: 'Patient', queue: 'Queue', reason: 'Why', last: 'Last call', times: 'Calls',
    repeated: 'tried again and again', how: 'Settled by', call: 'Call back', close: 'Close', none: 'Nobody is missed', none_closed: 'Nothing settled yet', no_call_backs: 'No call-backs', since: 'In line since', due: 'Due', attempts: 'Tried', state: 'State',
    cancel: 'Cancel', no_nuisance: 'The list is empty', add: 'Refuse a number', until: 'Until', by: 'By', admit: 'Remove', why: 'Why', closed_ok: 'Closed', withheld: 'withheld',
  },
  tickets: {
    title: 'Tickets', open: 'Open', done: 'Done', number: 'No.', kind: 'Kind', state: 'State', due: 'Due', left: '{n} days left', overdue: 'overdue', none: 'No open tickets', choose: 'Choose a ticket on the left', patient: 'Patient',
    department: 'Department', message: 'Recorded message', missing: 'The recording is missing', waiting: 'Being stored', note: 'What was done', move: 'To “{state}”', moved: 'Updated', hops: 'Steps', opened: 'Opened',
  },
  schedule: {
    title: 'Schedule', department: 'Department', all: 'All departments', none: 'Nobody sits on this day', doctor: 'Doctor', period: 'Half day', left: 'Seats', place: 'Place', close: 'Close', reopen: 'Reopen', reason: 'Why', close_why: 'Closing {what} ends the appointments in it; everybody concerned is listed to be told.',
    go: 'Close it', closed: 'Closed, {n} patients concerned', affected: 'Patients concerned ({n})', nobody: 'Nobody is concerned', reopened: 'Open again; ended appointments stay ended', show: 'Patients concerned', patient: 'Patient', phone: 'Phone', time: 'Was booked for',
  },
}

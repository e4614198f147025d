/** The words of the page of messages, Chinese first. */
export const zh = {
  messages: {
    title: '消息', all: '全部', none: '还没有消息', none_here: '没有这种状态的消息', stores_only: '演示：消息只保存在此处，不会真正发出',
    sent_today: '今日已发', waiting: '待发送', problems: '需处理', cost_today: '今日费用', created: '时间', kind: '类型', recipient: '接收人',
    text: '内容', state: '状态', cost: '费用', open: '查看', retry: '重新发送', retry_why: '这条消息会再次发送给 {to}。待核实的消息可能已经送达。',
    retried: '已重新排队', parts: '{n} 条', attempts: '已试 {n} 次', next: '下次 {time}', choose: '选择左侧的一条消息查看内容', show_text: '查看内容',
    reference: '网关编号', error: '原因',
    errors: {
      no_consent: '患者不愿接收', too_late: '已过有效时间', sender_lost: '发送程序中断', unreachable: '网关无法连接', timeout: '网关没有应答',
      answer_not_understood: '网关应答无法识别', connection_lost: '连接中断', tls_failed: '加密连接失败', address_refused: '地址不在允许范围', unreadable: '内容无法解密',
      login_refused: '网关登录失败',
    },
  },
}

export const en: typeof zh = {
  messages: {
    title: 'Messages', all: 'All', none: 'No messages yet', none_here: 'No messages in this state',
    stores_only: 'Demo: messages are only kept here, nothing really leaves',
    sent_today: 'Sent today', waiting: 'Waiting', problems: 'To look at', cost_today: 'Cost today', created: 'Time', kind: 'Kind', recipient: 'To',
    text: 'Text', state: 'State', cost: 'Cost', open: 'Open', retry: 'Send again',
    retry_why: 'This message will be sent to {to} again. One that is to be checked may have arrived.', retried: 'Queued again',
    parts: '{n} part(s)', attempts: '{n} tries', next: 'next {time}', choose: 'Choose a message on the left to read it', show_text: 'Show text',
    reference: 'Gateway id', error: 'Reason',
    errors: {
      no_consent: 'the patient does not want it', too_late: 'too late', sender_lost: 'the sender was interrupted', unreachable: 'gateway unreachable',
      timeout: 'no answer from the gateway', answer_not_understood: 'answer not understood', connection_lost: 'connection lost',
      tls_failed: 'no secure connection', address_refused: 'address not allowed', unreadable: 'cannot be decrypted',
      login_refused: 'login refused',
    },
  },
}

/** The words of the screens in English: the second language, with exactly the keys of the first. */
import { en as deskWords } from '@/desk/words'
import { en as menuWords } from '@/menus/words'
import { en as messageWords } from '@/messages/words'
import { en as officeWords } from '@/lost/words'
import type zh from './zh'

const en: typeof zh = {
  ...menuWords,
  ...messageWords,
  ...deskWords,
  ...officeWords,
  app: { name: 'Hospital Service Line', outdated: 'A new version is available.', reload: 'Reload now' },
  page: {
    login: 'Log in', desk: 'Desk', board: 'Board', recordings: 'Records', campaigns: 'Outbound', menus: 'Menus', prompts: 'Prompts', hours: 'Hours', messages: 'Messages', lost: 'Missed', tickets: 'Tickets', schedule: 'Schedule', phone: 'Demo telephone',
    pages: 'Pages', home: 'Back to start', missing: 'There is no such page', refused: 'You may not see this page',
  },
  common: {
    cancel: 'Cancel', save: 'Save', copy: 'Copy', retry: 'Try again', search: 'Search', more: 'Load more', refresh: 'Refresh', remove: 'Remove',
    loading: 'Loading…', nothing: 'Nothing here', requested: 'Requested…', time: 'Time',
  },
  role: { agent: 'Agent', supervisor: 'Supervisor', admin: 'Administrator' },
  login: {
    subtitle: 'For agents and supervisors', name: 'Login', password: 'Password', totp: 'One-time code', has_totp: 'Use a one-time code', submit: 'Log in',
    wait: 'Try again in {n} s', again: 'Your login has ended', again_why: 'The page is kept. Log in again to go on.', other: 'Log in as somebody else',
  },
  user: {
    menu: 'User menu', password: 'Change password', password_old: 'Current password', password_fresh: 'New password', password_again: 'New password again',
    password_changed: 'Password changed. Log in with the new one.', password_differs: 'The new passwords differ', password_must: 'Please choose your own password first.',
    logout: 'Log out', busy: 'A call is in progress: log out after it',
  },
  second_factor: {
    title: 'One-time code', must: 'This account needs a second factor before it can be used.', begin: 'Show the QR code', confirm: 'Confirm', remove: 'Remove', scan: 'Scan the picture with an authenticator app, then type the six digits it shows.',
    picture: 'QR code of the second factor', or_type: 'or type the key', in_force: 'The second factor is in force', removed: 'The second factor is removed', is_there: 'There is a second factor. Removing it needs the password and a code.',
  },
  error: {
    unreachable: 'The server cannot be reached', timeout: 'The server did not answer in time', internal: 'It failed. Try again later.', unconfirmed: 'No confirmation from the telephone system yet; trust the state on the screen',
    login_failed: 'Login or password is wrong', login_throttled: 'Too many tries. Wait a little.', not_allowed: 'You may not do this', wrong_state: 'Not possible in this state',
    not_found: 'Not found, or not yours to see', telephony_unavailable: 'The telephone system is not available', telephony_refused: 'The telephone system refused',
    conflict: 'Somebody else was faster. Reload and try again.', invalid_input: 'Something in the form is wrong', csrf: 'The page is too old. Reload it.', too_large: 'Too large',
    phone_not_registered: 'The telephone is not registered', signed_on_elsewhere: 'This account is signed on elsewhere', weak_password: 'The new password is too weak',
  },
  help: { title: 'Keyboard', short: 'Help', ime: 'Keys are ignored while an input method composes.', build: 'Build {id}' },
  keys: {
    answer_or_hang_up: 'Answer / hang up', reject: 'Reject', dial: 'Dial', keypad: 'Keypad', mute: 'Mute / unmute', hold: 'Hold / retrieve',
    transfer: 'Transfer', save: 'Save the summary and be ready', help: 'Show the keys', sent: 'Keys sent',
  },
  bar: { label: 'Call bar', call: 'Call actions' },
  link: { up: 'Connected', lost: 'Lost for {n} s', telephony_lost: 'Telephony lost for {n} s' },
  state: {
    unknown: 'Reading', offline: 'Offline', ready: 'Ready', paused: 'Paused', ringing: 'Ringing', talking: 'Talking', holding: 'Holding', wrap_up: 'Wrap-up',
    go_ready: 'Ready', sign_on: 'Sign on', sign_off: 'Sign off', by_supervisor: 'by supervisor', by_system: 'by system', by_self: 'by myself', pause_after: 'pause after call',
  },
  phone: {
    registered: 'registered', unregistered: 'not registered', start: 'Start phone', restart: 'Reconnect phone', cause: 'Cause: {cause}', other_tab: 'The telephone runs in another tab',
    ring_locked: 'Click anywhere to enable the ring.',
    problem: {
      NotAllowedError: 'The browser does not allow the microphone. Allow it in the address bar.', NotFoundError: 'No microphone found. Is the headset plugged in?',
      NotReadableError: 'Another program uses the microphone', insecure: 'Browsers allow the microphone only over HTTPS (or on this machine)', not_registered: 'The telephone could not register. Check the network.',
      no_account: 'No telephone account. Ask the administrator.', other: 'The telephone could not start',
    },
  },
  call: {
    answer: 'Answer', reject: 'Reject', hold: 'Hold', retrieve: 'Retrieve', mute: 'Mute', unmute: 'Unmute', transfer: 'Transfer', keypad: 'Keypad', hang_up: 'Hang up',
    dial: 'Dial', dial_hint: 'Number or extension', call_back: 'Call back', tabs: 'Calls', ivr_path: 'Keys pressed', pressed: 'Key {key}', recording: 'Recording', held_for: 'Held {time}',
  },
  call_state: {
    dialling: 'Dialling', ivr: 'In menu', queued: 'Queued', ringing: 'Ringing', talking: 'Talking', held: 'On hold', consulting: 'Consulting', conference: 'Conference',
    department: 'Department', ended: 'Ended',
  },
  pop: {
    title: 'Incoming call', notification: 'Go back to the desk to answer', announce: 'Incoming call, {queue}', several: '{n} patients use this number', unknown: 'Unknown number', waited: 'Waited {time}',
    ringing: 'Ringing {time}', next_appointment: 'Next appointment', transferred_from: 'From {name}', department_no_answer: 'Returned: department did not answer', withdrawn: 'The call was cancelled or answered by a colleague',
    no_sound_yet: 'Waiting for the phone…', answer_at_phone: 'Answer at your telephone',
  },
  transfer: {
    title: 'Transfer', agent: 'Agent', queue: 'Queue', department: 'Department', number: 'Outside', number_hint: 'Outside number', queue_hint: 'waiting {n} · ready {m}', blind: 'Transfer now', attended: 'Consult first',
    consulting: 'Consulting', consult_ringing: 'ringing', consult_talking: 'talking', complete: 'Complete', cancel: 'Back to patient', conference: 'Conference',
  },
  patient: {
    label: 'Patient', age: '{n} y', vip: 'VIP {n}', id_number: 'ID number', phone: 'Phone', dial: 'Call {number}', card_number: 'Card number', insurance: 'Insurance', preferred_time: 'Preferred',
    consents: 'Consents', allergy: 'Allergy', caution: 'Caution', unknown: 'Unknown person', not_found: 'No patient has this number.', choose: 'Who is it? ({n})', change: 'Change the person ({n})',
  },
  new_patient: {
    title: 'New patient', name: 'Name', name_hint: 'As on the identity card', name_missing: 'A name is needed', gender: 'Gender', birth_date: 'Birth date', relation: 'Number of', bad_id_number: 'Not an identity number', saved: 'Registered and linked to this call',
    is_there: 'This patient is registered already', may_be_there: 'May be one of these ({n}): please check', it_is: 'It is this one', nobody_of_them: 'None of them: register',
    reason: { id_number: 'same identity number', card_number: 'same card', name_and_number: 'same name and number', name_and_birth_date: 'same name and birthday' },
  },
  gender: { male: 'male', female: 'female', unknown: 'unknown' },
  consent: { recording: 'Recording', outbound: 'Outbound', sms: 'SMS' },
  relation: { self: 'self', spouse: 'spouse', child: 'child', parent: 'parent', other: 'other' },
  unmask: { open: 'Show in full', why: 'Written down; hidden again after 30 s.', reason: 'Give a reason', show: 'Show' },
  timeline: { title: 'Time line', label: 'Patient record', appointment: 'Appointment', appointments: 'Appointments {n}', calls: 'Recent calls {n}', empty: 'Nothing yet', no_calls: 'No calls before' },
  appointment: { time: 'Time', department: 'Department', doctor: 'Doctor', place: 'Place', empty: 'No appointments' },
  direction: { inbound: 'Inbound', outbound: 'Outbound' },
  details: { label: 'Call details', direction: 'Direction', arrived: 'Began', queue: 'Queue', priority: 'Priority', waited: 'Waited', answered: 'Answered', ended: 'Ended', handed_over: 'Notes of the colleague before' },
  summary: {
    title: 'Summary', disposition: 'Category', sub_disposition: 'Detail', is_resolved: 'Resolved?', resolved: 'Resolved', unresolved: 'Open', notes: 'Notes', notes_hint: 'Notes (saved by themselves)',
    saved: 'Saved {time}', saving: 'Saving…', unsaved: 'Not saved, trying again', missing: 'Still needed: {fields}', still_talking: 'The summary can be sent after the call', save_ready: 'Save, ready', save_pause: 'Save, pause',
    extend: 'More time', timeout: 'Saved by the system when time is up, and listed for completion', no_dispositions: 'The categories could not be read', copied: 'Copied', copy_failed: 'Could not copy; select the text yourself', orphan_title: 'A note could not be saved',
    orphan_why: 'The call has left your desk and the server did not take this text. Copy it and file it elsewhere.', orphan_done: 'Done', overdue_title: 'Complete summaries', overdue_saved: 'Summary completed',
  },
  empty: {
    label: 'Today', sign_on: 'Sign on to take calls', no_phone: 'The telephone is not registered: no calls yet', paused: 'Paused: no calls will come', ready: 'Ready, waiting for calls', answered: 'Answered today', outbound: 'Outbound today',
    avg_talk: 'Average talk', missed: 'Missed', overdue: '{n} summaries to complete', wrap_up: 'Wrap-up',
  },
  queue: {
    title: 'Queues', name: 'Queue', waiting: 'Waiting', longest: 'Longest', ready: 'Ready', talking: 'Talking', service_level: 'Service level 20 s', mine: 'mine', nobody: 'nobody on duty',
    staff: 'ready {ready} · talking {talking} · on duty {all}', day: 'today {offered} · ans. {answered} · aband. {abandoned}',
  },
  kpi: {
    label: 'Key figures', waiting: 'Waiting', longest: 'Longest wait', service_level: 'Service level 20 s', answered: 'Answer rate', abandoned: 'Abandoned', agents: 'On duty', quick: 'quick {n}',
    agents_note: 'ready {ready} talk {talking} wrap {wrap} pause {paused}', waiting_formula: 'People waiting in all queues now', longest_formula: 'How long the longest waiting caller has waited',
    service_level_formula: 'Today: answered within 20 s / (answered + abandoned)', answered_formula: 'Today: answered / entered a queue', abandoned_formula: 'Today: left while queued; quick = within 5 s', agents_formula: 'Agents signed on; talking includes ringing and holding',
  },
  board: {
    agents: 'Agents', agent: 'Agent', state: 'State', since: 'Since', with: 'With', queues: 'Queues', today: 'In/out avg', actions: 'Actions', all_queues: 'All queues', all_states: 'All states',
    listen: 'Listen', whisper: 'Whisper', barge: 'Barge', monitor_sent: '{mode} requested: {name}; your telephone will answer by itself', monitored: 'Listened to by {names}', force: 'Manage {name}', force_ready: 'Force ready', force_paused: 'Force pause',
    force_offline: 'Force sign-off', force_reason: 'Reason (the agent sees it)', waiting: 'Waiting callers', priority: 'priority {n}', nobody_waits: 'Nobody is waiting', no_agents: 'No such agents', as_of: 'As of {time}', live: 'live',
    reconnecting: 'reconnecting, figures may be old',
  },
  range: { today: 'Today', yesterday: 'Yesterday', week: '7 days', custom: 'Other', from: 'From', to: 'To' },
  recordings: {
    started: 'Began', time: 'Time', direction: 'Direction', number: 'Number', patient: 'Patient', agent: 'Agent', waited: 'Wait', length: 'Length', hung_up_by: 'Ended by', outcome: 'Outcome', recording: 'Recording', open: 'Play',
    state: 'State', min_s: '≥ s', max_s: '≤ s', found: '{n} found', none: 'No recordings', missing: '{n} missing',
  },
  recording_state: { ready: 'ready', recording: 'recording', missing: 'missing', empty: 'empty', damaged: 'damaged', expired: 'deleted after retention' },
  player: {
    title: 'Player', play: 'Play', pause: 'Pause', back: 'Back 10 s', forward: 'Forward 10 s', rate: 'Speed', segments: 'Parts of the call', patient: 'Patient', agent: 'Agent', number: 'Number', queue: 'Queue', outcome: 'Outcome',
    hung_up_by: 'Ended by', disposition: 'Summary', patient_share: 'Patient talks', agent_share: 'Agent talks', silence_share: 'Silence', size: 'Size', verify: 'Verify', unchanged: 'The file is unchanged', changed: 'The file differs from the one stored!',
    listens: 'Listened: {n}', nobody: 'Nobody yet', failed: 'This recording cannot be played',
  },
  segment: { ivr: 'menu', queue: 'queue', talk: 'talk', hold: 'hold', consult: 'consult', transfer: 'transfer' },
  campaign: {
    hint: 'Satisfaction survey: questions by voice, answers by key', new: 'New campaign', create: 'Create', title: 'Title', title_hint: 'e.g. Discharged in November', concurrency: 'Calls at once', concurrency_hint: 'at most so many at the same time',
    max_attempts: 'Attempts', caller_id: 'Caller number', caller_id_hint: 'empty: the service number', comment: 'Voice comment', comment_hint: 'ask for a comment at the end', hours: 'Hours', own_hours: 'Own hours (else the hospital\'s)',
    span: 'Span {n}', weekdays: 'Weekdays', holidays: 'also on holidays', import: 'Import', start: 'Start', pause: 'Pause', stop: 'Stop', no_contacts: 'Import contacts first',
    confirm_start: '{n} people will be called. Start?', confirm_stop: 'It cannot be started again; {n} people will not be called. Calls in progress end normally. Stop?', none: 'No campaigns yet', total: 'Contacts',
    dialled: 'Dialled', answered_ratio: 'Answered', completed_ratio: 'Completed', refused: 'Refused', remaining: 'Left', in_flight: 'Lines', to_review: 'To review', not_started: 'not started', results: 'Answers', contacts: 'Contacts',
    all_contacts: 'All states', last_outcome: 'Last outcome', attempts: 'Tries', due: 'Next', mean: 'mean {mean} of {max}, {n} answers', no_results: 'No answers yet', score: 'score {score}: {n}', points: '{n}',
  },
  campaign_state: { draft: 'draft', running: 'running', paused: 'paused', stopped: 'stopped', finished: 'finished' },
  campaign_kind: { survey: 'Survey' },
  contact_state: { waiting: 'waiting', claimed: 'calling', done: 'done', refused: 'refused', unreached: 'unreached', invalid: 'no such number', to_review: 'to review' },
  outcome: {
    completed: 'completed', partial: 'partial', silent: 'silent', refused: 'refused', busy: 'busy', no_answer: 'no answer', rejected: 'rejected', unobtainable: 'unobtainable', failed: 'failed', to_review: 'to review', unknown: 'unknown',
  },
  import: {
    title: 'Import contacts', drop: 'Drop a CSV file here, or click', hint: 'First line: titles, with a column 电话 or phone; name is optional. It is checked first, nothing is imported yet.', accepted: '{n} usable', refused: '{n} refused', errors: 'Refused lines',
    line: 'Line', column: 'Column', problem: 'Problem', more_errors: '{n} more are not shown', preview: 'Preview', name: 'Name', go: 'Import {n}', done: '{n} contacts imported',
  },
  weekday: { 1: 'Mo', 2: 'Tu', 3: 'We', 4: 'Th', 5: 'Fr', 6: 'Sa', 7: 'Su' },
  demo: {
    note: 'A telephone of the simulated public network: be the patient. For demonstrations only.', who: 'My number', who_hint: 'any number may be typed', target: 'Dial', dial: 'Dial', idle: 'Idle', calling: 'Calling…', incoming: '{name} is calling', ended: 'Ended: {cause}',
  },
  cause: {
    Terminated: 'the other side hung up', Canceled: 'cancelled', Rejected: 'rejected', Busy: 'busy', 'No Answer': 'no answer', Unavailable: 'unavailable', 'Not Found': 'no such number',
    'User Denied Media Access': 'microphone not allowed', 'Connection Error': 'network lost', 'Request Timeout': 'no reply', Expires: 'rang too long', 'RTP Timeout': 'sound lost',
  },
}
export default en

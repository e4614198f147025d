"""Lists the modules of Asterisk that the hotline and the carrier load: what is used and nothing else."""

from __future__ import annotations

_SIP_AND_SOUND = """
res_timing_timerfd res_crypto res_http_websocket res_sorcery_config res_sorcery_memory res_sorcery_astdb res_pjproject
res_pjsip res_pjsip_acl res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest
res_pjsip_outbound_registration res_pjsip_registrar res_pjsip_endpoint_identifier_user res_pjsip_endpoint_identifier_ip
res_pjsip_session res_pjsip_caller_id res_pjsip_sdp_rtp res_pjsip_dtmf_info res_pjsip_rfc3326 res_pjsip_dlg_options
res_pjsip_empty_info res_pjsip_nat res_pjsip_path res_pjsip_pubsub res_pjsip_refer res_pjsip_transport_websocket
res_pjsip_header_funcs res_pjsip_logger res_pjsip_history chan_pjsip res_rtp_asterisk res_srtp res_format_attr_opus
codec_alaw codec_ulaw codec_a_mu codec_g722 codec_resample codec_opus_open_source codec_opus format_pcm format_wav format_sln
bridge_simple bridge_native_rtp bridge_softmix bridge_holding bridge_builtin_features pbx_config
"""

_APPLICATIONS_AND_FUNCTIONS = """
app_dial app_chanspy app_stack app_userevent app_playback app_read app_mixmonitor app_verbose app_exec app_senddtmf app_mf
app_playtones func_callerid func_channel func_strings func_logic func_math func_timeout func_cut func_env func_dialplan
func_global
func_groupcount func_uri func_base64 func_hangupcause func_cdr func_rand func_periodic_hook func_sprintf
cdr_csv cel_custom res_cdrel_custom
"""

_CONTACT_CENTRE = """
res_speech res_agi res_musiconhold res_manager_devicestate res_mutestream res_security_log res_stasis res_limit
app_queue app_record app_confbridge app_controlplayback app_bridgewait app_bridgeaddchan app_channelredirect
app_softhangup app_cdr app_amd app_waitforsilence func_devstate func_pjsip_endpoint func_pjsip_aor
func_pjsip_contact func_volume func_talkdetect func_jitterbuffer func_extstate func_version
"""

PBX_MODULES = tuple(f"{_SIP_AND_SOUND} {_APPLICATIONS_AND_FUNCTIONS} {_CONTACT_CENTRE}".split())
CARRIER_MODULES = tuple(f"{_SIP_AND_SOUND} {_APPLICATIONS_AND_FUNCTIONS} func_db func_pjsip_aor".split())
"""`func_db` stays out of the hospital's Asterisk: its dialplan keeps nothing."""

NEEDED_BY_THE_HOTLINE = frozenset(
    {"chan_pjsip", "app_queue", "app_mixmonitor", "app_chanspy", "res_agi", "app_userevent", "app_senddtmf",
     "res_pjsip_transport_websocket", "res_srtp", "bridge_builtin_features", "codec_alaw"}
)  # fmt: skip
"""Without one of these the hotline cannot work; `doctor` looks for them."""

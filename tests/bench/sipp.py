"""Drives SIPp: writes a caller's script, runs it at a rate, reads the figures it leaves."""

from __future__ import annotations

import csv
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.bench_home import BenchFailed

_SDP = """v=0
      o=bench 1 1 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 8 101
      a=rtpmap:8 PCMA/8000
      a=rtpmap:101 telephone-event/8000
"""

_HEAD = """      {method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:{caller}@[local_ip]:[local_port]>;tag=[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>{to_tag}
      Call-ID: [call_id]
      CSeq: {cseq} {method}
      Contact: <sip:bench@[local_ip]:[local_port]>
      Max-Forwards: 70
"""


@dataclass(frozen=True)
class CallScript:
    """One caller. ``keys``: (seconds since the step before, key). With ``hang_up_after_s`` he hangs up, else he waits."""

    caller: str
    keys: Sequence[tuple[float, str]] = ()
    hang_up_after_s: float | None = None
    patience_s: float = 8.0
    """How long he waits for the other side to hang up before the call counts as failed."""


@dataclass(frozen=True)
class SippResult:
    """``retransmissions``: of any message, by either side's timer."""

    calls: int
    good: int
    failed: int
    retransmissions: int
    rate_per_s: float
    """Calls begun a second, as SIPp really made it."""

    @property
    def is_clean(self) -> bool:
        """Every call ended as it should, and nothing had to be sent twice."""
        return self.failed == 0 and self.retransmissions == 0 and self.good == self.calls > 0


class Sipp:
    """Calls from ``local_host``, which the PBX takes for its trunk."""

    def __init__(self, program: str, folder: Path, *, local_host: str, server: tuple[str, int]) -> None:
        self._program = program
        self._folder = folder
        self._local_host = local_host
        self._server = server

    def run(self, script: CallScript, *, dialled: str, rate_per_s: float, calls: int, at_once_max: int) -> SippResult:
        """Places ``calls`` calls; returns when the last has ended. Raises BenchFailed when SIPp itself fails."""
        self._folder.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix="sipp-", dir=self._folder))
        (work / "script.xml").write_text(scenario(script), encoding="utf-8")
        talk_s = sum(wait_s for wait_s, _ in script.keys) + (script.hang_up_after_s or script.patience_s)
        whole, part = max(1, int(rate_per_s)), 1000
        if rate_per_s < 1:
            whole, part = 1, int(1000 / rate_per_s)
        command = [
            self._program, f"{self._server[0]}:{self._server[1]}", "-sf", "script.xml", "-s", dialled,
            "-i", self._local_host, "-p", str(_free_udp_port(self._local_host)), "-mi", self._local_host,
            "-r", str(whole), "-rp", str(part), "-m", str(calls), "-l", str(at_once_max),
            "-trace_stat", "-stf", "stat.csv", "-fd", "1", "-nostdin", "-recv_timeout", "20000",
            "-timeout", str(int(calls / rate_per_s + talk_s + 30)), "-timeout_error",
        ]  # fmt: skip
        limit_s = calls / rate_per_s + talk_s + 60
        with (work / "output.txt").open("wb") as output:
            done = subprocess.run(command, cwd=work, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                  timeout=limit_s, check=False)  # fmt: skip
        if not (work / "stat.csv").exists():
            text = (work / "output.txt").read_text(errors="replace")[-1500:]
            raise BenchFailed(f"sipp: exit {done.returncode}\n{text}")
        return read_figures((work / "stat.csv").read_text(errors="replace"))


def scenario(script: CallScript) -> str:
    """SIPp's XML: call, keys by INFO (the way that costs the generator least), and an end."""
    invite = _HEAD.format(method="INVITE", caller=script.caller, to_tag="", cseq=1)
    steps = [
        _send(f"{invite}      Content-Type: application/sdp\n      Content-Length: [len]\n\n      {_SDP}", retrans=True),
        '  <recv response="100" optional="true"/>', '  <recv response="180" optional="true"/>',
        '  <recv response="183" optional="true"/>', '  <recv response="200"/>',
        _send(_request(script, "ACK", 1)),
    ]  # fmt: skip
    cseq = 1
    for wait_s, key in script.keys:
        cseq += 1
        info = _request(script, "INFO", cseq, body=f"Signal={key}\n      Duration=160\n")
        steps += [f'  <pause milliseconds="{int(wait_s * 1000)}"/>', _send(info, retrans=True), '  <recv response="200"/>']
    if script.hang_up_after_s is None:
        steps += [f'  <recv request="BYE" timeout="{int(script.patience_s * 1000)}"/>', _send(_ANSWER)]
    else:
        steps += [
            f'  <pause milliseconds="{int(script.hang_up_after_s * 1000)}"/>',
            _send(_request(script, "BYE", cseq + 1), retrans=True), '  <recv response="200"/>',
        ]  # fmt: skip
    body = "\n".join(steps)
    return f'<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="caller">\n{body}\n</scenario>\n'


def read_figures(text: str) -> SippResult:
    """The last line of SIPp's statistics file holds the sums."""
    rows = list(csv.DictReader(text.splitlines(), delimiter=";"))
    if not rows:
        raise BenchFailed("sipp left no statistics")
    last = rows[-1]
    return SippResult(
        calls=int(last["TotalCallCreated"]),
        good=int(last["SuccessfulCall(C)"]),
        failed=int(last["FailedCall(C)"]),
        retransmissions=int(last["Retransmissions(C)"]),
        rate_per_s=max(float(row["CallRate(P)"]) for row in rows),
    )


_ANSWER = """      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

"""


def _request(script: CallScript, method: str, cseq: int, *, body: str = "") -> str:
    head = _HEAD.format(method=method, caller=script.caller, to_tag="[peer_tag_param]", cseq=cseq)
    kind = "      Content-Type: application/dtmf-relay\n" if body else ""
    return f"{head}{kind}      Content-Length: [len]\n\n" + (f"      {body}" if body else "")


def _send(message: str, *, retrans: bool = False) -> str:
    attribute = ' retrans="500"' if retrans else ""
    return f"  <send{attribute}><![CDATA[\n\n{message}\n  ]]></send>"


def _free_udp_port(host: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])

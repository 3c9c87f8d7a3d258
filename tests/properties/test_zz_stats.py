from collections import Counter
from hypothesis import settings, Phase, HealthCheck
from hypothesis.stateful import run_state_machine_as_test
from tests.properties.machine import LedgerMachine
from tests.properties.world import World
import os
def test_stats(address):
    c = Counter()
    class M(LedgerMachine):
        def _compare(self, outcome, wanted):
            super()._compare(outcome, wanted)
            e = wanted.entry
            c[(e.draft.kind, e.code or "ok", "replay" if wanted.is_replay else "conflict" if wanted.differs else "")] += 1
            if e.draft.kind=="reversal" and e.code is None:
                t=[x for x in self.model.entries if x.id==e.draft.reverses][0]
                c["reversal of "+t.draft.kind+(" grace" if len(e.steps)>len(t.steps) else "")]+=1
    with World.open(address) as w:
        M.world = w
        try:
            run_state_machine_as_test(M, settings=settings(max_examples=int(os.environ.get("N","60")), stateful_step_count=int(os.environ.get("S","30")), deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)))
        finally:
            for k, v in sorted(c.items(), key=lambda i: -i[1]): print(v, k)

"""The audit log: a line for each thing done, sealed into trees whose checkpoints leave the machine.

`lines` writes them; `sealer` extends the trees and signs; `sinks` and `delivering` send the signed
checkpoints away; `exporting` and `verifying` prove afterwards that nothing was changed; `queries`
and `unusual` answer the auditor.
"""

from cdop.security.audit.lines import Said, record, said, write

__all__ = ["Said", "record", "said", "write"]

"""`cdop release`: the release desk for scripts. Each step is what a click does, and is audited."""

import typer

from cdop.cli.releases import drafts, ledger, packages, settling

app = typer.Typer(help="Protected statistics that may leave the register.")
app.command("draft")(drafts.draft)
app.command("preview")(drafts.preview)
app.command("build")(drafts.build)
app.command("approve")(settling.approve)
app.command("decline")(settling.decline)
app.command("withdraw")(settling.withdraw)
app.command("rebuild")(settling.rebuild)
app.command("list")(ledger.show)
app.command("downloads")(ledger.downloads)
app.command("download")(ledger.download)
app.command("verify")(packages.verify)
app.command("key")(packages.show_key)

"""`policy`: checking, comparing, simulating and adopting a policy pack, and the versions there are."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from timebank.cli.frame import (
    ACTOR,
    DEFAULT_BANK,
    OK,
    REFUSED,
    VIOLATED,
    BankOption,
    JsonOption,
    Opened,
    fail,
    print_json,
    run,
    show,
)
from timebank.cli.jobs import parse_day
from timebank.cli.tables import changes_table, problems_table, simulation_tables
from timebank.words import both

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from ledger.session import ReadTx, WriteTx
    from timebank.policy.actions import PolicyVersion
    from timebank.policy.diff import Change
    from timebank.policy.queries import Adoption
    from timebank.policy.rules import PolicyPack
    from timebank.policy.simulating import Simulation

    T = TypeVar("T")

app = typer.Typer()
policy = typer.Typer(help="政策包 / policy packs", no_args_is_help=True)
app.add_typer(policy, name="policy")

LONGEST_FILE_BYTES = 1_000_000

FileArgument = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="政策包 JSON 文件 / the pack as JSON"),
]


@policy.command()
def validate(file: FileArgument, *, as_json: JsonOption = False) -> None:
    """检查政策包，列出全部问题 / Check a pack and list all that is wrong with it."""
    from timebank.policy.checking import problems

    _, found = problems(_read(file))
    if as_json:
        print_json({"is_valid": not found, "problems": found})
    elif found:
        show(problems_table(found))
    else:
        typer.echo(both("policy_valid"))
    raise typer.Exit(VIOLATED if found else OK)


@policy.command()
def diff(
    file: FileArgument,
    *,
    against: Annotated[
        int | None, typer.Option(min=1, help="对照的版本，缺省为最新 / the version; the latest if not given")
    ] = None,
    bank: BankOption = DEFAULT_BANK,
    as_json: JsonOption = False,
) -> None:
    """与已采用的版本对照 / What a pack says otherwise than a version that was adopted."""
    from timebank.policy.diff import changes
    from timebank.policy.queries import adopted_pack, latest_pack

    pack = _pack(file)

    async def work(opened: Opened) -> "list[Change]":
        async def read(tx: "ReadTx") -> "PolicyPack | None":
            if against is None:
                return (await latest_pack(tx))[1]
            return (await adopted_pack(tx, against))[1]

        return changes(await opened.database.read(opened.bank, read), pack)

    found = run(work, bank=bank)
    if as_json:
        print_json(found)
    elif found:
        show(changes_table(found))
    else:
        typer.echo(both("policy_same"))


@policy.command()
def simulate(
    file: FileArgument,
    *,
    from_: Annotated[str, typer.Option("--from", help="首日 / the first day, YYYY-MM-DD")],
    until: Annotated[str, typer.Option("--until", help="末日 / the last day, included")],
    bank: BankOption = DEFAULT_BANK,
    as_json: JsonOption = False,
) -> None:
    """用政策包重算过去的服务，不入账 / Price past service by a pack, beside what was in force; nothing is written."""
    from timebank.policy.simulating import simulate as simulate_pack

    pack, first, last = _pack(file), parse_day(from_), parse_day(until)

    async def work(opened: Opened) -> "Simulation":
        async def read(reading: "Callable[[ReadTx], Awaitable[T]]", /) -> "T":
            return await opened.database.read(opened.bank, reading)

        return await simulate_pack(read, pack, from_on=first, until_on=last)

    found = run(work, bank=bank)
    if as_json:
        print_json({"agrees": found.agrees, **asdict(found)})
        return
    for made in simulation_tables(found):
        show(made)
    typer.echo(both("simulation_agrees" if found.agrees else "simulation_differs"))


@policy.command()
def adopt(
    file: FileArgument,
    *,
    from_: Annotated[str, typer.Option("--from", help="生效日，须晚于今天 / the first day, after today")],
    note: Annotated[str, typer.Option(help="采用的理由 / why")] = "",
    bank: BankOption = DEFAULT_BANK,
    as_json: JsonOption = False,
) -> None:
    """采用政策包，自某日起生效，绝不追溯 / Adopt a pack from a day on; what is priced already stays as it is."""
    from timebank.policy.actions import adopt as adopt_pack

    pack, first = _pack(file), parse_day(from_)

    async def work(opened: Opened) -> "PolicyVersion":
        async def write(tx: "WriteTx") -> "PolicyVersion":
            today = tx.day(datetime.now(UTC))
            return await adopt_pack(tx, pack, effective_from=first, actor=ACTOR, note=note, today=today)

        return await opened.database.write(opened.bank, write)

    adopted = run(work, bank=bank)
    if as_json:
        print_json({"version": adopted.version, "effective_from": adopted.effective_from})
    else:
        typer.echo(both("policy_adopted", version=adopted.version, effective_from=adopted.effective_from))


@policy.command()
def history(*, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False) -> None:
    """全部版本及其改动 / The versions there are, and what each changed."""
    from timebank.policy.actions import load_history
    from timebank.policy.diff import changes
    from timebank.policy.queries import adoptions

    async def work(opened: Opened) -> "list[tuple[Adoption, list[Change]]]":
        async def read(tx: "ReadTx") -> "list[tuple[Adoption, list[Change]]]":
            versions = (await load_history(tx)).versions
            packs = {version.version: version.pack for version in versions}
            found = await adoptions(tx, after_version=0, limit=len(packs))
            return [(one, changes(packs.get(one.version - 1), packs[one.version])) for one in found]

        return await opened.database.read(opened.bank, read)

    found = run(work, bank=bank)
    if as_json:
        print_json([{"version": one, "changes": changed} for one, changed in found])
        return
    for one, changed in found:
        typer.echo(
            both(
                "policy_version_line",
                version=one.version,
                effective_from=one.effective_from,
                name=one.name,
                adopted_by=one.adopted_by,
                note=one.note or "—",
            )
        )
        if one.version > 1:
            show(changes_table(changed))


@policy.command()
def export(
    version: Annotated[int, typer.Argument(min=1, help="版本 / the version")],
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="文件，缺省为标准输出 / file")] = None,
    bank: BankOption = DEFAULT_BANK,
) -> None:
    """导出某一版本为 JSON / A version as JSON, to be changed and adopted again."""
    from timebank.policy.queries import adopted_pack
    from timebank.policy.rules import written

    async def work(opened: Opened) -> str:
        _, pack = await opened.database.read(opened.bank, lambda tx: adopted_pack(tx, version))
        return written(pack)

    text = run(work, bank=bank)
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def _read(file: Path) -> bytes:
    if file.stat().st_size > LONGEST_FILE_BYTES:
        fail("policy_file_too_large", REFUSED, limit=LONGEST_FILE_BYTES)
    return file.read_bytes()


def _pack(file: Path) -> "PolicyPack":
    """Return the pack in a file, or end the program with the first thing that is wrong with it."""
    from timebank.policy.checking import problems

    pack, found = problems(_read(file))
    if pack is None:
        fail("policy_invalid", REFUSED, place=found[0].path, reason=f"{found[0].zh} / {found[0].en}")
        raise AssertionError
    return pack

"""List the journals this configuration does not need; delete them only with `prune: true`."""

from itc.config import read_config, root
from itc.generation_probe import folder_of, variants
from itc.grid import Grid
from itc.prune import prune

if __name__ == "__main__":
    grid = Grid(read_config(snakemake.config), root())
    probes = {
        f"probes/{folder_of(variant)}/{run.model}/{run.folder.rpartition('/')[2]}/000"
        for run in grid.probe_runs
        for variant in variants(
            grid.model(run.model),
            grid.study.probe.batch_sizes,
            grid.study.probe.dtypes,
        )
    }
    found = prune(grid.journal, grid.journals | probes, delete=grid.config.prune)
    for name, size in found:
        print(f"{size / 1e6:10.1f} MB  {name}")
    total = sum(size for _, size in found) / 1e6
    if not found:
        print(f"Every journal in {grid.journal}/ belongs to study {grid.study.name}.")
    elif grid.config.prune:
        print(f"{total:10.1f} MB  deleted: {len(found)} files of {grid.journal}/")
    else:
        print(
            f"{total:10.1f} MB  in {len(found)} files of {grid.journal}/ that study "
            f"{grid.study.name} does not need. They may belong to other studies, and what they "
            "hold was generated once: nothing is deleted unless you add --config prune=true"
        )

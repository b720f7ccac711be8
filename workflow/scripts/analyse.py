"""Write one analysis table."""

from itc import registry, tables
from itc.runlog import logged

if __name__ == "__main__":
    with logged(snakemake.log[0]):
        module = registry.load("analyses", snakemake.wildcards.table)
        inputs = {}
        for label, paths in snakemake.input.items():
            if not paths:  # files that are there only if somebody asked for them
                continue
            if label in registry.names("analyses"):
                registry.load("analyses", label)  # registers the schema of that table
            read = tables.read_datasets if label == "datasets" else tables.read_many
            inputs[label] = read(paths, label)
        frame = module.build(inputs, snakemake.params.settings)
        tables.write(frame, snakemake.wildcards.table, snakemake.output[0])

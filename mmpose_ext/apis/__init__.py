"""Entry points above the package: running jobs, exporting and inferring."""

"""What `scripts/prove mutation` needs: groups of modules, and how their tests are run."""

"""A contract of import-linter: the layers inside a package, of which the nouns are one whatever they are called."""

from collections.abc import Iterable
from typing import Any, cast

from grimp import ImportGraph
from importlinter import ContractCheck
from importlinter.contracts.layers import Layer, LayersContract, ModuleTail

NOUNS = ModuleTail("*")


class PackageLayersContract(LayersContract):
    """Layers of containers, where `*` stands for all modules of a container that no other layer names."""

    type_name = "package_layers"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Check the layers; modules of the layer `*` may import each other."""
        layers, options = cast("Iterable[Layer]", self.layers), cast("Any", self)
        named = {tail.name for layer in layers for tail in layer.module_tails}
        children = {child for container in options.containers for child in graph.find_children(container.expression)}
        nouns = {ModuleTail(child.rpartition(".")[2], is_optional=True) for child in children}
        nouns = {noun for noun in nouns if noun.name not in named}
        options.layers = [Layer(nouns, is_independent=False) if NOUNS in layer.module_tails else layer for layer in layers]
        return super().check(graph, verbose)

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dist import all_gather_object
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.logging import print_log
from mmengine.structures import BaseDataElement

from mmpose_ext.evaluation.functional import summary
from mmpose_ext.evaluation.functional.table import percent
from mmpose_ext.registry import EVALUATORS, METRICS
from mmpose_ext.skeletons import Skeleton


@EVALUATORS.register_module()
class SourceRoutedEvaluator(Evaluator):
    """Evaluates a mix of datasets in one run, each sample by the metrics of its own source.

    Each sample says in its metainfo which ``source`` it is from. A source may have many metrics,
    also of the same class. Nothing is dropped silently: an unknown source or a source without
    samples is an error. Samples that a distributed sampler repeats are counted once.

    Args:
        metrics: For each metric, by the prefix of its results, a dict with ``metric``, its config,
            and ``source``, the source it evaluates, or None for every sample. By name rather than
            in a list, so that a child config changes one of them.
        averages: For each average the result keys to take the mean of, in percent. The result is
            ``avg/<name>``, which ``save_best`` takes.
        skeleton: What the model predicts; passed to the metrics that ask for it and do not say it.

    Example:
        >>> val_evaluator = dict(
        ...     type='mmpose_ext.SourceRoutedEvaluator',
        ...     skeleton='union21',
        ...     metrics=dict(
        ...         coco=dict(source='coco', metric=dict(type='mmpose_ext.UnionCocoMetric', ...)),
        ...         mpii=dict(source='mpii', metric=dict(type='mmpose_ext.UnionMpiiMetric')),
        ...     ),
        ...     averages=dict(coco_mpii=['coco/AP', 'mpii/PCK']))
    """

    def __init__(
        self,
        metrics: Mapping[str, Mapping[str, Any]],
        averages: Mapping[str, Sequence[str]] | None = None,
        skeleton: str | Skeleton | Mapping[str, Any] | None = None,
    ) -> None:
        self.names = list(metrics)
        self.sources = [entry['source'] for entry in metrics.values()]
        self.averages = {name: list(keys) for name, keys in (averages or {}).items()}
        for name, keys in self.averages.items():
            unknown = [key for key in keys if key.rpartition('/')[0] not in self.names]
            if unknown or not keys:
                raise ValueError(
                    f'average {name!r} is of {keys}, expected keys of the metrics {self.names}'
                )
        super().__init__([_build(entry['metric'], skeleton) for entry in metrics.values()])
        for name, metric in zip(self.names, self.metrics):
            metric.prefix = name
        self._seen: dict[str, list[Any]] = {source: [] for source in self.sources if source}

    @property
    def dataset_meta(self) -> dict | None:
        """Metainfo of the mix."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict | None) -> None:
        self._dataset_meta = dataset_meta
        for metric in self.metrics:
            # MMPose's metrics write into what they are given.
            metric.dataset_meta = copy.deepcopy(dataset_meta)

    def process(
        self, data_samples: Sequence[BaseDataElement | dict], data_batch: Any | None = None
    ) -> None:
        """Hand each sample to the metrics of its source.

        Args:
            data_samples: Predictions and labels of the model.
            data_batch: The batch they came from; metrics of one source do not get it, as it holds
                the other sources' samples too.

        Raises:
            ValueError: If a sample has no source, or one that no metric is for.
        """
        samples = [
            sample.to_dict() if isinstance(sample, BaseDataElement) else sample
            for sample in data_samples
        ]
        by_source: dict[Any, list[dict]] = {}
        for sample in samples:
            by_source.setdefault(sample.get('source'), []).append(sample)
        unknown = {
            source: len(members)
            for source, members in by_source.items()
            if source not in self._seen
        }
        if unknown and self._seen:
            raise ValueError(
                f'got samples of sources {unknown}, expected sources {sorted(self._seen)}; '
                'a sample says its source in its metainfo (meta_keys of the packing transform)'
            )
        for source, members in by_source.items():
            if source in self._seen:
                self._seen[source] += [sample['id'] for sample in members]
        for source, metric in zip(self.sources, self.metrics):
            members = samples if source is None else by_source.get(source, [])
            if members:
                # A metric may change its samples, and the next one must not see that.
                metric.process(data_batch if source is None else None, copy.deepcopy(members))

    def evaluate(self, size: int) -> dict[str, float]:
        """Compute every metric and the averages, and print them as one table.

        Args:
            size: Number of samples of the mix.

        Returns:
            dict: ``<name>/<metric>`` and ``avg/<average>``.

        Raises:
            ValueError: If a source had no samples, or an average is of a key no metric gave.
        """
        counts = self._count()
        empty = sorted(source for source, (unique, _) in counts.items() if unique == 0)
        if empty:
            raise ValueError(
                f'got no samples of sources {empty}, counts are '
                f'{ {source: unique for source, (unique, _) in counts.items()} }'
            )
        results: dict[str, float] = {}
        sizes: dict[str, int] = {}
        for name, source, metric in zip(self.names, self.sources, self.metrics):
            sizes[name] = size if source is None else counts[source][0]
            results |= metric.evaluate(sizes[name])
        for name, keys in self.averages.items():
            missing = [key for key in keys if key not in results]
            if missing:
                raise ValueError(
                    f'average {name!r} is of {missing}, which no metric gave; got {sorted(results)}'
                )
            results[f'avg/{name}'] = float(np.mean([percent(key, results[key]) for key in keys]))
        repeats = {
            source: total - unique for source, (unique, total) in counts.items() if total > unique
        }
        if repeats:
            print_log(
                f'samples that were repeated across processes, counted once: {repeats}', 'current'
            )
        print_log('results in percent\n' + summary(results, sizes, self.averages), 'current')
        return results

    def _count(self) -> dict[str, tuple[int, int]]:
        """Per source the number of different samples and of all, over every process."""
        parts = all_gather_object(self._seen)
        counts = {}
        for source in self._seen:
            ids = [str(item) for part in parts for item in part[source]]
            counts[source] = (len(set(ids)), len(ids))
            self._seen[source] = []
        return counts


def _build(config: Mapping[str, Any], skeleton: Any) -> BaseMetric:
    kind = config['type']
    metric = METRICS.get(kind) if isinstance(kind, str) else kind
    if metric is None:
        raise ValueError(f'got metric type {kind!r}, which is not registered')
    asks = 'skeleton' in inspect.signature(metric).parameters and 'skeleton' not in config
    return METRICS.build({**config, 'skeleton': skeleton} if asks and skeleton else dict(config))

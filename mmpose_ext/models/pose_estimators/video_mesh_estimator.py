from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.structures import InstanceData
from mmpose.utils.typing import ConfigType, OptConfigType, OptMultiConfig, OptSampleList, SampleList
from torch import Tensor, nn

from mmpose_ext.body_models import SMPLLayer
from mmpose_ext.geometry import (
    interleaved_to_columns,
    matrix_to_axis_angle,
    rotation_6d_to_matrix,
    weak_to_crop,
    weak_to_image,
    weak_translation,
)
from mmpose_ext.models.feature_fusion import check_fusion, fuse_features
from mmpose_ext.models.pose_estimators.clip_metric_losses import ClipMetricLosses
from mmpose_ext.models.pose_estimators.video_mesh_targets import stack_clips, video_mesh_targets
from mmpose_ext.models.video_batch import VideoMeshPrediction, VideoMeshTargets
from mmpose_ext.registry import MODELS

Inputs = dict[str, Tensor]
Stream = dict[str, Any]

#: Batches of clips in the order in which they are joined; the first has 2D labels only.
CLIP_STREAMS = ('kp2d', 'kp3d', 'target')
_MOTION = 'motion'


class ClipBatch(NamedTuple):
    """The clips of all streams of a training step.

    Args:
        prediction: Of B clips.
        targets: Theirs.
        streams: Which of them each stream has.
        video_ids: Of each clip the video that it is from.
    """

    prediction: VideoMeshPrediction
    targets: VideoMeshTargets
    streams: dict[str, slice]
    video_ids: list[str]


@MODELS.register_module()
class VideoMeshEstimator(BaseModel):
    """SMPL bodies of the frames of a clip: VIBE (Kocabas et al., CVPR 2020).

    A vector per frame, made offline or by an image backbone, goes through a temporal encoder and
    an iterative head to SMPL parameters. A discriminator of motions, if there is one, is trained
    against it. Head and body are computed in float32 also under autocast.

    ``inputs`` are ``features`` ``(B, T, C)``, or ``img`` ``(B, T, 3, S, S)`` for the backbone, and
    ``mask`` ``(B, T, 1, S, S)`` where there is a mask encoder without a segmentor.

    Training data are one such batch, or a dict of them: ``kp3d``, ``kp2d`` of which 2D labels only
    are learned from, ``target`` of another domain; and ``motion``, whose input ``motion``
    ``(B, T, 69)`` the discriminator takes for real. All clips go through the network together.

    With a discriminator, each step updates first the generator, which is everything else, then the
    discriminator; neither touches the other. That needs an ``OptimWrapperDict`` of both, see
    ``GANOptimWrapperConstructor``, and on several processes
    ``model_wrapper_cfg=dict(type='MMSeparateDistributedDataParallel')``.

    Args:
        head: See :class:`SMPLIterativeHead`.
        encoder: Temporal encoder, such as :class:`TemporalGRUEncoder`; without one, frames are
            estimated by themselves.
        backbone: Of images ``(N, 3, S, S)`` to vectors ``(N, C)``, such as :class:`PooledBackbone`.
            Batches that bring features do not use it.
        discriminator: See :class:`MotionDiscriminator`.
        body_model: Arguments of :class:`SMPLLayer`.
        loss: See :class:`VideoMeshLoss`.
        adversarial: See :class:`LSGANLoss`.
        metric_losses: Each ``dict(feature=..., loss=...)``, see :class:`ClipMetricLosses`.
        mask_encoder: Of masks ``(N, 1, S, S)`` to vectors ``(N, C)``.
        fusion: How these are joined with the features, see :func:`fuse_features`.
        segmentor: Makes the masks of batches that bring images and no masks, see
            :class:`FrozenSegmentor`.
        gendered_betas: Whether shape parameters of another gender are learned from as if they were
            of this body, as published: 3DPW's are of men and women, the network's of the neutral
            body. The same numbers mean other people there, so that clips of another gender give no
            labels of shape by default.
        data_preprocessor: See :class:`VideoMeshDataPreprocessor`.
        init_cfg: Initialization of the whole.

    Raises:
        ValueError: If there is a mask encoder but no fusion, or the reverse.
    """

    def __init__(
        self,
        head: ConfigType,
        encoder: OptConfigType = None,
        backbone: OptConfigType = None,
        discriminator: OptConfigType = None,
        body_model: OptConfigType = None,
        loss: ConfigType = dict(type='mmpose_ext.VideoMeshLoss'),  # noqa: B006
        adversarial: ConfigType = dict(type='mmpose_ext.LSGANLoss'),  # noqa: B006
        metric_losses: Sequence[ConfigType] = (),
        mask_encoder: OptConfigType = None,
        fusion: str | None = None,
        segmentor: OptConfigType = None,
        gendered_betas: bool = False,
        data_preprocessor: ConfigType = dict(  # noqa: B006
            type='mmpose_ext.VideoMeshDataPreprocessor'
        ),
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(MODELS.build(data_preprocessor), init_cfg)
        if (mask_encoder is None) != (fusion is None):
            raise ValueError(
                f'fusion got {fusion!r} {"without" if mask_encoder is None else "with"} a '
                'mask_encoder, expected both or neither'
            )
        self.backbone = None if backbone is None else MODELS.build(backbone)
        if segmentor is not None and mask_encoder is None:
            raise ValueError('segmentor got a config without a mask_encoder, expected both')
        self.fusion = None if fusion is None else check_fusion(fusion)
        self.mask_encoder = None if mask_encoder is None else MODELS.build(mask_encoder)
        # What is neutral at the beginning depends on the fusion.
        made_for = getattr(self.mask_encoder, 'fusion', fusion)
        if made_for != fusion:
            raise ValueError(f'fusion got {fusion!r}, but the mask_encoder is for {made_for!r}')
        self.segmentor = None if segmentor is None else MODELS.build(segmentor)
        self.encoder = None if encoder is None else MODELS.build(encoder)
        self.head = MODELS.build(head)
        self.discriminator = None if discriminator is None else MODELS.build(discriminator)
        self.body = SMPLLayer(**(body_model or {}), joints='spin49')
        self.gendered_betas = gendered_betas
        self.loss_module = MODELS.build(loss)
        self.adversarial = MODELS.build(adversarial)
        self.metric_losses = ClipMetricLosses(metric_losses)

    def forward(
        self,
        inputs: Inputs | None = None,
        data_samples: OptSampleList = None,
        mode: str = 'tensor',
        **streams: Stream,
    ) -> VideoMeshPrediction | dict[str, Tensor] | SampleList:
        """What MMEngine's runner calls.

        Args:
            inputs: See this class.
            data_samples: Labels or boxes, see :meth:`loss` and :meth:`predict`.
            mode: ``'loss'``, ``'predict'`` or ``'tensor'``.
            streams: For ``'loss'``, several batches by their names instead of one.

        Returns:
            What :meth:`loss`, :meth:`predict` or :meth:`estimate` returns.

        Raises:
            ValueError: If the mode is another.
        """
        if mode == 'loss':
            if inputs is not None:
                streams = dict(kp3d=dict(inputs=inputs, data_samples=data_samples))
            return self.generator_losses(self.clip_batch(streams))
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            return self.estimate(self.extract_feat(inputs))
        raise ValueError(f"mode got {mode!r}, expected 'loss', 'predict' or 'tensor'")

    def train_step(
        self, data: dict[str, Any], optim_wrapper: OptimWrapper | OptimWrapperDict
    ) -> dict[str, Tensor]:
        """Update the generator and, if there is one, the discriminator.

        Args:
            data: One batch or several, see this class.
            optim_wrapper: Of the whole; with a discriminator, ``generator`` and ``discriminator``.

        Returns:
            What to log.

        Raises:
            ValueError: If there is no optimizer or no motion for the discriminator.
        """
        if self.discriminator is None:
            return super().train_step(data, optim_wrapper)
        generator, discriminator = self._wrappers(optim_wrapper)
        streams = _as_streams(self.data_preprocessor(data, True))
        real = self._real_motion(streams)

        self.discriminator.requires_grad_(False)
        with generator.optim_context(self):
            batch = self.clip_batch(streams)
            losses = self.generator_losses(batch)
        fake = _motion(batch.prediction.rotations).detach()
        total, logged = self.parse_losses(losses)
        generator.update_params(total)

        self.discriminator.requires_grad_(True)
        with discriminator.optim_context(self):
            losses = self.discriminator_losses(real, fake)
        total, more = self.parse_losses(losses)
        discriminator.update_params(total)
        # The sum of both is the total of nothing: what each is trained with differs in sign.
        return logged | {name: value for name, value in more.items() if name != 'loss'}

    def extract_feat(self, inputs: Inputs) -> Tensor:
        """The vectors of frames that the temporal encoder sees.

        Args:
            inputs: See this class.

        Returns:
            ``(B, T, C)``.

        Raises:
            ValueError: If there is nothing to make them of.
        """
        if 'features' in inputs:
            features = inputs['features']
        elif 'img' in inputs and self.backbone is not None:
            features = _per_frame(self.backbone, inputs['img'])
        else:
            raise ValueError(
                f'inputs got {sorted(inputs)} {"without" if self.backbone is None else "with"} a '
                "backbone, expected 'features', or 'img' and a backbone"
            )
        if self.mask_encoder is None:
            return features
        mask_features = _per_frame(self.mask_encoder, self._masks(inputs))
        return fuse_features(features, mask_features, self.fusion)

    def estimate(self, features: Tensor, with_vertices: bool = True) -> VideoMeshPrediction:
        """From the vectors of frames to bodies.

        Args:
            features: ``(B, T, C)``.
            with_vertices: Whether to pose the whole body; the joints alone cost a fraction.
        """
        encoded = features if self.encoder is None else self.encoder(features)
        with torch.autocast(features.device.type, enabled=False):
            encoded = encoded.to(self.body.joint_regressor.dtype)
            pose6d, betas, camera, hidden = self.head(encoded)
            rotations = rotation_6d_to_matrix(interleaved_to_columns(pose6d))
            clip = rotations.shape[:2]
            bodies = rotations.flatten(0, 1), betas.flatten(0, 1)
            if with_vertices:
                vertices, joints = (part.unflatten(0, clip) for part in self.body(*bodies))
            else:
                vertices, joints = None, self.body.joints(*bodies).unflatten(0, clip)
            projected = weak_to_crop(joints, camera)
        return VideoMeshPrediction(
            encoded, pose6d, rotations, betas, camera, vertices, joints, projected, hidden
        )

    def clip_batch(self, streams: dict[str, Stream]) -> ClipBatch:
        """Put the clips of all streams through the network together.

        Args:
            streams: Batches by name.

        Raises:
            ValueError: If a name is unknown, there are no clips, or streams have other inputs.
        """
        unknown = sorted(set(streams) - {*CLIP_STREAMS, _MOTION})
        names = [name for name in CLIP_STREAMS if name in streams]
        if unknown or not names:
            raise ValueError(
                f'training data got the streams {sorted(streams)}, expected some of '
                f'{[*CLIP_STREAMS, _MOTION]}, clips among them'
            )
        inputs = _joined({name: streams[name]['inputs'] for name in names})
        slices, start = {}, 0
        samples: SampleList = []
        for name in names:
            samples += streams[name]['data_samples']
            slices[name] = slice(start, len(samples))
            start = len(samples)
        prediction = self.estimate(self.extract_feat(inputs), with_vertices=False)
        gender = None if self.gendered_betas else self.body.gender
        targets = video_mesh_targets(samples, gender, prediction.betas)
        if 'kp2d' in slices:
            targets = _without_3d(targets, slices['kp2d'])
        video_ids = [str(sample.metainfo.get('video_id', n)) for n, sample in enumerate(samples)]
        return ClipBatch(prediction, targets, slices, video_ids)

    def loss(self, inputs: Inputs, data_samples: SampleList) -> dict[str, Tensor]:
        """Calculate the generator's losses.

        Args:
            inputs: See this class.
            data_samples: Their labels, as ``PackVideoMeshInputs`` packs them.

        Returns:
            See :meth:`generator_losses`.
        """
        streams = dict(kp3d=dict(inputs=inputs, data_samples=data_samples))
        return self.generator_losses(self.clip_batch(streams))

    def generator_losses(self, batch: ClipBatch) -> dict[str, Tensor]:
        """Everything but the discriminator is trained with these.

        Args:
            batch: The clips.

        Returns:
            The terms of the loss module, ``loss_metric_<feature>`` of metric losses with their
            statistics, and ``loss_adversarial``.
        """
        prediction, targets = batch.prediction, batch.targets
        with torch.autocast(prediction.betas.device.type, enabled=False):
            losses = self.loss_module(prediction, targets)
            losses |= self.metric_losses(prediction, targets, batch.video_ids)
            if self.discriminator is not None:
                scores = self.discriminator(_motion(prediction.rotations))
                losses['loss_adversarial'] = self.adversarial.generator(scores)
        return losses

    def discriminator_losses(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """The discriminator is trained with these.

        Args:
            real: Captured motions, ``(B, T, 69)``.
            fake: Predicted ones, ``(B', T, 69)``.
        """
        # Together: a network in DistributedDataParallel may be run once per step.
        scores = self.discriminator(torch.cat([real.to(fake), fake]))
        return self.adversarial.discriminator(scores[: len(real)], scores[len(real) :])

    @torch.no_grad()
    def predict(self, inputs: Inputs, data_samples: SampleList) -> SampleList:
        """Predict bodies.

        Args:
            inputs: See this class.
            data_samples: With ``bboxes`` (xyxy, the squares that were cropped, in pixels of the
                image) in ``gt_instances``.

        Returns:
            The samples with ``pred_instances``, arrays of one row per frame, in metres and radians:
            ``smpl_rotations`` and ``smpl_pose`` (rotation vectors), ``smpl_betas``; ``vertices``
            and ``joints`` (:data:`SPIN49`) of the body before any translation; ``camera`` as
            predicted; ``transl``, which brings them into the camera of
            ``geometry.weak_image_intrinsics(bboxes)``, whose focal length is 5000 * side / 224 px
            and whose principal point is the centre of the square; ``keypoints``, the joints in
            pixels of the image, and ``keypoint_scores``, which are ones; ``bboxes``.
        """
        prediction = self.estimate(self.extract_feat(inputs))
        boxes = stack_clips(data_samples, 'bboxes', prediction.betas)
        fields = dict(
            smpl_pose=matrix_to_axis_angle(prediction.rotations),
            smpl_betas=prediction.betas,
            smpl_rotations=prediction.rotations,
            vertices=prediction.vertices,
            joints=prediction.joints,
            camera=prediction.camera,
            transl=weak_translation(prediction.camera),
            keypoints=weak_to_image(prediction.joints, prediction.camera, boxes),
            keypoint_scores=torch.ones_like(prediction.joints[..., 0]),
            bboxes=boxes,
        )
        arrays = {name: value.cpu().numpy() for name, value in fields.items()}
        for index, sample in enumerate(data_samples):
            sample.pred_instances = InstanceData(
                **{name: array[index] for name, array in arrays.items()}
            )
        return data_samples

    def _masks(self, inputs: Inputs) -> Tensor:
        if 'mask' in inputs:
            return inputs['mask']
        if 'img' not in inputs or self.segmentor is None:
            raise ValueError(
                f'inputs got {sorted(inputs)} {"without" if self.segmentor is None else "with"} a '
                "segmentor, expected 'mask' too for the mask_encoder, or 'img' and a segmentor"
            )
        images = self.data_preprocessor.unit_images(inputs['img'])
        return _per_frame(self.segmentor, images)

    def _wrappers(
        self, optim_wrapper: OptimWrapper | OptimWrapperDict
    ) -> tuple[OptimWrapper, OptimWrapper]:
        names = sorted(optim_wrapper.keys()) if isinstance(optim_wrapper, OptimWrapperDict) else []
        if names != ['discriminator', 'generator']:
            raise ValueError(
                f'optim_wrapper got {names or type(optim_wrapper).__name__}, expected one for the '
                "generator and one for the discriminator: optim_wrapper=dict(constructor='"
                "mmpose_ext.GANOptimWrapperConstructor', generator=..., discriminator=...)"
            )
        return optim_wrapper['generator'], optim_wrapper['discriminator']

    def _real_motion(self, streams: dict[str, Stream]) -> Tensor:
        if _MOTION not in streams:
            raise ValueError(
                f'training data got the streams {sorted(streams)}, expected {_MOTION!r} too for '
                'the discriminator: add it to extra_dataloaders, or leave the discriminator out'
            )
        return streams[_MOTION]['inputs']['motion']


def _as_streams(data: dict[str, Any]) -> dict[str, Stream]:
    return dict(kp3d=data) if 'inputs' in data else data


def _per_frame(network: nn.Module, images: Tensor) -> Tensor:
    """Vectors ``(B, T, C)``, or maps, of images ``(B, T, ...)``."""
    return network(images.flatten(0, 1)).unflatten(0, images.shape[:2])


def _motion(rotations: Tensor) -> Tensor:
    """Rotation vectors of all joints but the root, ``(B, T, 69)``."""
    return matrix_to_axis_angle(rotations[:, :, 1:]).flatten(2)


def _joined(inputs: dict[str, Inputs]) -> Inputs:
    """The inputs of all streams as one batch."""
    shapes = {
        stream: {key: tuple(value.shape[1:]) for key, value in own.items()}
        for stream, own in inputs.items()
    }
    first = next(iter(shapes))
    for stream in shapes:
        if shapes[stream] != shapes[first]:
            raise ValueError(
                f'inputs of the stream {stream!r} got the shapes {shapes[stream]}, expected those '
                f'of {first!r}, {shapes[first]}'
            )
    return {key: torch.cat([own[key] for own in inputs.values()]) for key in shapes[first]}


def _without_3d(targets: VideoMeshTargets, rows: slice) -> VideoMeshTargets:
    masks = {}
    for name in ('joints_valid', 'smpl_valid', 'betas_valid'):
        mask = getattr(targets, name).clone()
        mask[rows] = 0
        masks[name] = mask
    return targets._replace(**masks)

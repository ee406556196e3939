"""Print a config as it is after inheritance and flags."""

import argparse

import mmpose_ext  # noqa: F401  its cures come before anything of OpenMMLab
from mmengine.config import Config, DictAction
from rich.console import Console
from rich.syntax import Syntax


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE')
    arguments = parser.parse_args()
    config = Config.fromfile(arguments.config)
    if arguments.cfg_options is not None:
        config.merge_from_dict(arguments.cfg_options)
    console = Console()
    if console.is_terminal:
        console.print(Syntax(config.pretty_text, 'python', background_color='default'))
    else:
        print(config.pretty_text)


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Sphinx: https://www.sphinx-doc.org/en/master/usage/configuration.html"""
import re
from pathlib import Path

project = 'Rhea'
author = 'the Rhea developers'
release = re.search(r"version: '([^']+)'", (Path(__file__).parents[1] / 'meson.build').read_text()).group(1)
html_theme = 'alabaster'
html_theme_options = {'page_width': '1000px', 'description': 'A machine emulator that is fast and can be read'}
highlight_language = 'none'

"""Steps of :mod:`make_standin_body`."""

"""The web door: HTTP API, dashboard, health and metrics over `regulars.shop.Shop`.

`regulars.web.app.create_app` builds the application, `regulars.web.serve.serve` runs it.
"""

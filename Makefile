# Every entry point. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

include core/core.mk
include core/test/test.mk

.PHONY: help setup build demo serve test test-node test-browser test-packaging verify lint format size package clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: ## install everything that building, testing and linting need (idempotent)
	@scripts/setup.sh build test lint

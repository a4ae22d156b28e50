"""What environments cost: estimates from a Terraform plan or from the catalogue alone, with list prices and their sources.

The way in is :mod:`panel.cost.estimate`.
"""

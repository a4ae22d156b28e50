mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name       = "todo"
  aws_region = "us-east-2"
}

run "ranges_of_production_staging_and_the_private_pair" {
  command = plan
  module {
    source = "./modules/network"
  }

  assert {
    condition = { for key, subnet in aws_subnet.public : key => subnet.cidr_block } == {
      "0-us-east-2a" = "10.0.0.0/20"
      "0-us-east-2b" = "10.0.16.0/20"
      "1-us-east-2a" = "10.0.32.0/20"
      "1-us-east-2b" = "10.0.48.0/20"
    }
    error_message = "The public subnets of production and staging have moved."
  }

  assert {
    condition     = { for zone, subnet in aws_subnet.private : zone => subnet.cidr_block } == { us-east-2a = "10.0.64.0/20", us-east-2b = "10.0.80.0/20" }
    error_message = "The private subnets have moved."
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_eip.nat) == 0 && length(aws_route.nat) == 0
    error_message = "A NAT gateway is paid by the hour: it has to be asked for."
  }

  assert {
    condition     = aws_vpc_endpoint.s3.service_name == "com.amazonaws.us-east-2.s3" && aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway"
    error_message = "Storage is reached through a gateway endpoint, which costs nothing."
  }
}

run "further_slots_are_computed_behind_the_private_pair" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    public_subnet_slots = [0, 2, 6]
  }

  assert {
    condition = { for key, subnet in aws_subnet.public : key => subnet.cidr_block } == {
      "0-us-east-2a" = "10.0.0.0/20"
      "0-us-east-2b" = "10.0.16.0/20"
      "2-us-east-2a" = "10.0.96.0/20"
      "2-us-east-2b" = "10.0.112.0/20"
      "6-us-east-2a" = "10.0.224.0/20"
      "6-us-east-2b" = "10.0.240.0/20"
    }
    error_message = "A further slot's subnets have moved, or a missing slot moves the others."
  }
}

run "another_network_and_chosen_ranges" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    vpc_cidr             = "172.16.0.0/20"
    availability_zones   = ["us-east-2c", "us-east-2a"]
    public_subnet_cidrs  = { "1" = ["172.16.12.0/26", "172.16.12.64/26"] }
    private_subnet_cidrs = ["172.16.14.0/24", "172.16.15.0/24"]
  }

  assert {
    condition = { for key, subnet in aws_subnet.public : key => subnet.cidr_block } == {
      "0-us-east-2c" = "172.16.0.0/24"
      "0-us-east-2a" = "172.16.1.0/24"
      "1-us-east-2c" = "172.16.12.0/26"
      "1-us-east-2a" = "172.16.12.64/26"
    }
    error_message = "A chosen range has to take the place of the computed one, in the order of the zones."
  }

  assert {
    condition     = aws_subnet.private["us-east-2c"].cidr_block == "172.16.14.0/24" && length(data.aws_availability_zones.available) == 0
    error_message = "Chosen private ranges and zones are taken as they are."
  }
}

run "a_nat_gateway_stands_in_the_first_zone_of_slot_0" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    nat_gateway             = true
    flow_log_retention_days = 14
  }
  override_resource {
    target          = aws_subnet.public["0-us-east-2a"]
    override_during = plan
    values          = { id = "subnet-0000000000000000a" }
  }

  assert {
    condition     = aws_nat_gateway.this[0].subnet_id == "subnet-0000000000000000a" && aws_eip.nat[0].domain == "vpc"
    error_message = "The NAT gateway belongs into production's first zone."
  }

  assert {
    condition     = aws_route.nat[0].destination_cidr_block == "0.0.0.0/0" && aws_route.internet.destination_cidr_block == "0.0.0.0/0"
    error_message = "The private subnets reach the internet through the NAT gateway, the public ones directly."
  }
}

run "refuses_wrong_names_zones_slots_and_days" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    name                     = "To do"
    permissions_boundary_arn = "boundary"
    availability_zones       = ["us-east-2a"]
    vpc_cidr                 = "10.0.0.0/8"
    public_subnet_slots      = [7]
    flow_log_retention_days  = 2
  }
  expect_failures = [
    var.name, var.availability_zones, var.vpc_cidr, var.public_subnet_slots, var.flow_log_retention_days,
    var.permissions_boundary_arn,
  ]
}

run "refuses_zones_of_another_region_and_a_single_range" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    availability_zones   = ["eu-west-1a", "eu-west-1b"]
    private_subnet_cidrs = ["10.0.64.0/20"]
  }
  expect_failures = [var.availability_zones, var.private_subnet_cidrs]
}

run "refuses_a_region_that_is_none_and_no_slot_at_all" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    aws_region          = "ohio"
    public_subnet_slots = []
  }
  expect_failures = [var.aws_region, var.public_subnet_slots]
}

run "refuses_half_a_slot" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    public_subnet_cidrs = { "1" = ["10.0.32.0/20"] }
  }
  expect_failures = [var.public_subnet_cidrs]
}

run "refuses_ranges_that_do_not_begin_where_they_say" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    public_subnet_cidrs = { "1" = ["10.0.33.0/20", "10.0.48.0/20"] }
  }
  expect_failures = [var.public_subnet_cidrs]
}

run "refuses_private_ranges_that_are_too_small" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    private_subnet_cidrs = ["10.0.64.0/20", "10.0.80.0/29"]
  }
  expect_failures = [var.private_subnet_cidrs]
}

run "refuses_ranges_outside_the_network" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    public_subnet_cidrs = { "1" = ["10.1.0.0/20", "10.1.16.0/20"] }
  }
  expect_failures = [var.public_subnet_cidrs]
}

run "refuses_private_ranges_outside_the_network" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    private_subnet_cidrs = ["10.2.0.0/20", "10.2.16.0/20"]
  }
  expect_failures = [var.private_subnet_cidrs]
}

run "refuses_public_ranges_that_overlap" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    # The second lies in the computed range of slot 0.
    public_subnet_cidrs = { "1" = ["10.0.96.0/20", "10.0.0.0/24"] }
  }
  expect_failures = [var.public_subnet_cidrs]
}

run "refuses_private_ranges_that_overlap_a_public_one" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    private_subnet_cidrs = ["10.0.16.0/20", "10.0.80.0/20"]
  }
  expect_failures = [var.private_subnet_cidrs]
}

run "refuses_ranges_for_a_slot_that_is_not_made" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    public_subnet_cidrs = { "3" = ["10.0.128.0/20", "10.0.144.0/20"] }
  }
  expect_failures = [var.public_subnet_cidrs]
}

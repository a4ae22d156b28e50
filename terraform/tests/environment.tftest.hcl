# What the environment module is given by its caller. Everything else it shares with the stack, and stands in
# stack_environment.tftest.hcl.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "us_east_1"
  source = "./tests/mocks"
}

variables {
  project_name     = "todo"
  environment_name = "staging"
  aws_region       = "us-east-2"
  domain_name      = "staging.todo.example.com"
  zone_id          = "Z0123456789ABC"
  vpc_id           = "vpc-0123456789abcdef0"
  subnet_ids       = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  repositories = {
    backend = { arn = "arn:aws:ecr:us-east-2:123456789012:repository/todo/backend", url = "123456789012.dkr.ecr.us-east-2.amazonaws.com/todo/backend" }
  }
  services = {
    backend = { port = 5000, path_patterns = ["/api/*"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, desired_count = 2 }
  }
}

run "the_load_balancer_is_open_to_cloudfront_alone" {
  command = plan
  module {
    source = "./modules/environment"
  }

  assert {
    condition = jsonencode([
      for rule in aws_vpc_security_group_ingress_rule.from_cloudfront : [rule.prefix_list_id, rule.cidr_ipv4, rule.from_port, rule.to_port]
    ]) == jsonencode([["pl-0123456789abcdef0", null, 443, 443]])
    error_message = "Only CloudFront's list may come in, and only by HTTPS."
  }

  assert {
    condition     = aws_route53_record.origin[0].name == "origin.staging.todo.example.com"
    error_message = "CloudFront reaches the load balancer by a name that is on its certificate."
  }
}

run "instances_take_no_old_metadata_requests_and_encrypt_their_disks" {
  command = plan
  module {
    source = "./modules/environment"
  }
  variables {
    tags           = { Project = "todo" }
    instance_count = 3
  }

  assert {
    condition     = one(aws_launch_template.instance.metadata_options).http_tokens == "required" && one(aws_launch_template.instance.metadata_options).http_put_response_hop_limit == 1
    error_message = "Version 1 of the metadata service gives credentials to whoever can make the instance ask."
  }

  assert {
    condition     = one(one(aws_launch_template.instance.block_device_mappings).ebs).encrypted == "true" && aws_launch_template.instance.image_id == "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
    error_message = "Disks are encrypted, and the image is Amazon's latest for ECS."
  }

  assert {
    condition     = aws_autoscaling_group.this.min_size == 3 && aws_autoscaling_group.this.max_size == 3 && alltrue([for specification in aws_launch_template.instance.tag_specifications : specification.tags.Project == "todo"])
    error_message = "The group is as large as it was asked to be, and what it starts carries the tags."
  }
}

run "asleep_it_has_no_instances_and_deployments_ask_for_no_task" {
  command = plan
  module {
    source = "./modules/environment"
  }
  variables {
    asleep = true
  }

  assert {
    condition     = aws_autoscaling_group.this.min_size == 0 && aws_autoscaling_group.this.max_size == 0 && aws_autoscaling_group.this.desired_capacity == 0
    error_message = "Instances that nobody needs are what sleeping saves."
  }

  assert {
    condition     = output.services["backend"].desired_count == 0
    error_message = "What scales services asks for as many tasks as this says."
  }
}

run "an_emulator_is_reached_by_address_and_plain_http" {
  command = plan
  module {
    source = "./modules/environment"
  }
  variables {
    origin_protocol_policy  = "http-only"
    origin_rules_by_address = true
    http_listener_forwards  = true
    emulator_port           = 4566
  }
  override_data {
    target = data.aws_ec2_managed_prefix_list.cloudfront
    values = { entries = [{ cidr = "192.0.2.0/24", description = "one" }, { cidr = "198.51.100.0/24", description = "two" }] }
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.from_cloudfront : "${rule.cidr_ipv4}:${rule.from_port}"]) == toset(["192.0.2.0/24:80", "198.51.100.0/24:80"]) && length(aws_route53_record.origin) == 0
    error_message = "An emulator that forgets which list a rule names is given the addresses."
  }
}

run "refuses_wrong_values" {
  command = plan
  module {
    source = "./modules/environment"
  }
  variables {
    repositories = { backend = { arn = "todo/backend", url = "" } }
    zone_id      = "todo.example.com"
    vpc_id       = "todo"
    subnet_ids   = ["subnet-0123456789abcdef0"]
    tags         = { "aws:project" = "todo" }
  }
  expect_failures = [var.repositories, var.zone_id, var.vpc_id, var.subnet_ids, var.tags]
}
